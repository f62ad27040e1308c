# All flights that left New York City in 2013, from five CSV files to tables worth asking.

etl {
  project          = "flights"
  required_version = ">= 0.1.0"
}

variable "data" {
  type        = string
  default     = "data"
  description = "The folder with the CSV files."
}

locals {
  missing = ["NA", ""] # how the files write that a value is not known
}

# Minutes since midnight of a local time written HHMM: 517 is 5:17, 2400 the end of the day.
function "minute_of_day" {
  params = [hhmm]
  result = div(hhmm, 100) * 60 + hhmm % 100
}

# The instant of a local time in a zone.
function "instant" {
  params = [day, minute, zone]
  result = timestamptz(day + minutes(minute), zone)
}

# The instant at which clocks in a zone next show a time, after a local time there: arrivals have a time and no date.
function "next_instant" {
  params = [from, minute, zone]
  result = timestamptz(date(from) + minutes(minute) > from ? date(from) + minutes(minute) : date(from) + days(1) + minutes(minute), zone)
}
