package textvalue

import (
	"bytes"
	"fmt"
	"strings"
)

// Layout is a way of writing dates and times, in the notation of strftime.
type Layout struct {
	format string
	parts  []byte // a directive's letter, or 0 for the next literal byte
	text   []byte
	zoned  bool
}

// directives of a layout, and what they read.
const directives = "%Y year, %m month, %d day, %H hour, %I hour of twelve, %p AM or PM, %M minute, %S second, %f fraction, " +
	"%b month's name, %y year of two digits, %z offset, %% a percent sign"

// ParseLayout compiles a format such as %d.%m.%Y %H:%M.
func ParseLayout(format string) (Layout, error) {
	l := Layout{format: format}
	seen := map[byte]bool{}
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' {
			l.parts, l.text = append(l.parts, 0), append(l.text, c)
			continue
		}
		i++
		if i == len(format) || !strings.ContainsRune("YmdHIpMSfbyz%", rune(format[i])) {
			return l, fmt.Errorf("the format %q has an unknown directive; there are: %s", format, directives)
		}
		if format[i] == '%' {
			l.parts, l.text = append(l.parts, 0), append(l.text, '%')
			continue
		}
		seen[format[i]] = true
		l.parts = append(l.parts, format[i])
	}
	l.zoned = seen['z']
	year, month := seen['Y'] || seen['y'], seen['m'] || seen['b']
	if !year || !month || !seen['d'] {
		return l, fmt.Errorf("the format %q does not read a whole date: it needs a year, a month and a day", format)
	}
	return l, nil
}

// String is the format.
func (l Layout) String() string { return l.format }

// Zoned reports whether the layout reads an offset from UTC.
func (l Layout) Zoned() bool { return l.zoned }

// moment is what a text says, directive by directive.
type moment struct {
	year, month, day, hour, minute, second int
	micros, offset                         int64
	afternoon, twelve                      bool
}

// Timestamp reads microseconds since 1970, in UTC if the layout has an offset.
func (l Layout) Timestamp(b []byte) (int64, bool) {
	m := moment{}
	literal := 0
	for _, part := range l.parts {
		if part == 0 {
			if len(b) == 0 || b[0] != l.text[literal] {
				return 0, false
			}
			b, literal = b[1:], literal+1
			continue
		}
		var ok bool
		if b, ok = m.take(part, b); !ok {
			return 0, false
		}
	}
	if len(b) > 0 {
		return 0, false
	}
	return m.instant()
}

// Date reads days since 1970; the layout must leave no time of day.
func (l Layout) Date(b []byte) (int32, bool) {
	micros, ok := l.Timestamp(b)
	if !ok || micros%microsPerDay != 0 {
		return 0, false
	}
	return int32(micros / microsPerDay), true
}

func (m *moment) take(part byte, b []byte) (rest []byte, ok bool) {
	switch part {
	case 'Y':
		m.year, b, ok = takeInt(b, 4, 4)
	case 'y':
		m.year, b, ok = takeInt(b, 2, 2)
		if m.year < 69 { // as strptime of POSIX has it
			m.year += 100
		}
		m.year += 1900
	case 'm':
		m.month, b, ok = takeInt(b, 1, 2)
	case 'd':
		m.day, b, ok = takeInt(b, 1, 2)
	case 'H':
		m.hour, b, ok = takeInt(b, 1, 2)
	case 'I':
		m.hour, b, ok = takeInt(b, 1, 2)
		m.twelve, ok = true, ok && m.hour >= 1 && m.hour <= 12
	case 'M':
		m.minute, b, ok = takeInt(b, 2, 2)
	case 'S':
		m.second, b, ok = takeInt(b, 2, 2)
	default:
		return m.takeWord(part, b)
	}
	return b, ok
}

func (m *moment) takeWord(part byte, b []byte) (rest []byte, ok bool) {
	switch part {
	case 'p':
		if len(b) < 2 || b[1]|0x20 != 'm' || (b[0]|0x20 != 'a' && b[0]|0x20 != 'p') {
			return b, false
		}
		m.afternoon = b[0]|0x20 == 'p'
		return b[2:], true
	case 'b':
		const names = "janfebmaraprmayjunjulaugsepoctnovdec"
		if len(b) < 3 {
			return b, false
		}
		i := strings.Index(names, strings.ToLower(string(b[:3])))
		m.month = i/3 + 1
		return b[3:], i >= 0 && i%3 == 0
	case 'f':
		m.micros, rest, ok = takeFraction(append([]byte{'.'}, b...))
		return rest, ok
	}
	end := bytes.IndexFunc(b, func(r rune) bool { return !strings.ContainsRune("+-:0123456789Zz", r) })
	if end < 0 {
		end = len(b)
	}
	m.offset, ok = zoneOffset(b[:end])
	return b[end:], ok
}

func takeInt(b []byte, least, most int) (n int, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < most && b[i] >= '0' && b[i] <= '9' {
		n = n*10 + int(b[i]-'0')
		i++
	}
	return n, b[i:], i >= least
}

func (m *moment) instant() (int64, bool) {
	if m.twelve {
		m.hour %= 12
		if m.afternoon {
			m.hour += 12
		}
	}
	if !calendar(m.year, m.month, m.day) || m.hour > 23 || m.minute > 59 || m.second > 59 {
		return 0, false
	}
	seconds := int64(daysOf(m.year, m.month, m.day))*86_400 + int64(m.hour*3600+m.minute*60+m.second)
	return seconds*microsPerSecond + m.micros - m.offset, true
}
