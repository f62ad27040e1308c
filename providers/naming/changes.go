package naming

import "regexp"

var forChanges = regexp.MustCompile(`(?i)upd|mod|chang`)

// ForChanges reports whether a column is named for changes of its row, as updated_at is: it moves with them, which a number or a
// time that rows are created with doesn't.
func ForChanges(column string) bool { return forChanges.MatchString(column) }
