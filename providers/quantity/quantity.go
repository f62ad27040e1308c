// Package quantity words how many of something there are.
package quantity

import "fmt"

// Of counts things by a noun that has its plural with an s.
func Of[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Have is the verb to so many.
func Have(n int64) string {
	if n == 1 {
		return "has"
	}
	return "have"
}
