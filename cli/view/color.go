package view

// style is a way to stand out on a terminal.
type style string

// The styles, as the parameters of ANSI's escape sequence.
const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	blue   style = "36"
	danger style = "1;31"
	notice style = "1;33"
)

// paint wraps text in the style's escape sequence, where colour is wanted.
func (o Options) paint(s style, text string) string {
	if !o.Color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}
