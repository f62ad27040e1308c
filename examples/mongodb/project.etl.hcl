# A shop's collections, followed change by change, to tables worth asking. The server must be a replica set, of one member
# at least; seed.js fills it: mongosh "$MONGODB_URI" seed.js

etl {
  project          = "shop"
  required_version = ">= 0.1.0"
}

connection "mongodb" "shop" {
  uri      = env("MONGODB_URI")
  database = "shop"
}
