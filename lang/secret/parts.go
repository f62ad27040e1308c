package secret

import (
	"net/url"
	"regexp"
	"strings"
)

var (
	// login is `user:password@tcp(host)/database`, as MySQL's drivers write it.
	login = regexp.MustCompile(`^[^:@/\s]*:(.+)@[a-z0-9]*\(`)
	// setting is `password=…` within text such as `host=db password='a b'`.
	setting  = regexp.MustCompile(`(?i)(?:^|[\s;&?,])(?:password|passwd|pwd|sslpassword|secret|token|api_?key)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s;&,]+)`)
	userinfo = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://[^:@/?#]*:(.*)@`)
)

// Parts are the passwords within a secret that is a connection's description: who prints only a part of it must not print
// that one. A password that is also a word of the rest, as in postgres://postgres:postgres@db, hides nothing.
func Parts(text string) []string {
	var found []string
	add := func(part string) {
		if part != "" && part != text && strings.Count(text, part) == 1 {
			found = append(found, part)
		}
	}
	for _, pattern := range []*regexp.Regexp{userinfo, login, setting} {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			quoted := match[1]
			add(strings.Trim(quoted, "'"))
			if plain, err := url.PathUnescape(quoted); err == nil && plain != quoted {
				found = append(found, plain)
			}
		}
	}
	return found
}
