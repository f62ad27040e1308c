package offer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/lang/format"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Quote is a text in the language's syntax.
func Quote(text string) string { return string(hclwrite.TokensForValue(cty.StringVal(text)).Bytes()) }

// settings are the attributes of a stream's source, besides its connection.
func (a Asked) settings(s sdk.Stream) []Setting {
	chosen := s.Attributes
	if chosen == nil && a.Schema.Connection != nil {
		if name := a.firstText(); name != "" {
			chosen = map[string]string{name: s.Name}
		}
	}
	var set []Setting
	for _, attribute := range a.Schema.Source.Attributes {
		if text, is := chosen[attribute.Name]; is {
			set = append(set, Setting{attribute.Name, Quote(text)})
			continue
		}
		if i := a.asked(attribute.Name); i >= 0 {
			set = append(set, a.Source[i])
		}
	}
	return set
}

func (a Asked) asked(name string) int {
	return slices.IndexFunc(a.Source, func(s Setting) bool { return s.Name == name })
}

// firstText is the attribute that names a stream where the provider doesn't say which, and nobody set it or the query that
// stands in its place.
func (a Asked) firstText() string {
	for _, attribute := range a.Schema.Source.Attributes {
		if (attribute.Kind == "" || attribute.Kind == schema.Value) && attribute.Type == cty.String {
			if a.asked(attribute.Name) >= 0 || a.asked("query") >= 0 {
				return ""
			}
			return attribute.Name
		}
	}
	return ""
}

// readers are the project's sources that read the same through the same connection.
func (a Asked) readers(set []Setting) []string {
	if a.Project == nil {
		return nil
	}
	var found []string
	for _, s := range a.Project.Sources {
		connection := ""
		if s.Connection != nil {
			connection = s.Connection.String()
		}
		same := s.Provider == a.Schema.Name && connection == a.Connection
		for _, setting := range set {
			same = same && spelled(s.Config.GetAttr(setting.Name)) == setting.Value
		}
		if same {
			found = append(found, s.Addr.String())
		}
	}
	return found
}

// spelled is a text in the language's syntax; other values have no spelling here.
func spelled(v cty.Value) string {
	if bare, _ := v.Unmark(); bare.Type() == cty.String && bare.IsKnown() && !bare.IsNull() {
		return Quote(bare.AsString())
	}
	return ""
}

// connection is the block of a connection that no file has.
func (a Asked) connection() (string, error) {
	if len(a.Through) == 0 {
		return "", nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "connection %q %q {\n", a.Schema.Name, a.Schema.Name)
	write(&b, a.Through)
	b.WriteString("}\n")
	return formatted(b.String())
}

// source is the block of a stream.
func (a Asked) source(name string, set []Setting, s Stream) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", comment(s))
	if len(s.ReadBy) > 0 {
		fmt.Fprintf(&b, "# %s it already.\n", agreeing(s.ReadBy))
	}
	fmt.Fprintf(&b, "source %q %q {\n", a.Schema.Name, name)
	if a.Connection != "" {
		write(&b, []Setting{{"connection", a.Connection}})
	}
	write(&b, set)
	b.WriteString(a.extract(s))
	b.WriteString("}\n")
	return formatted(b.String())
}

func agreeing(readers []string) string {
	if len(readers) == 1 {
		return readers[0] + " reads"
	}
	return diag.List(readers) + " read"
}

func write(b *strings.Builder, set []Setting) {
	for _, s := range set {
		fmt.Fprintf(b, "%s = %s\n", s.Name, s.Value)
	}
}

// comment says what a stream is: its name, how many columns it has, and how much there is of it.
func comment(s Stream) string {
	text := oneLine(s.Name) + ": " + view.Plural(len(s.Columns), "column")
	if s.Rows != nil {
		text += ", about " + view.Plural(*s.Rows, "row")
	}
	if s.Bytes != nil && *s.Bytes > 0 {
		text += ", " + view.Bytes(*s.Bytes)
	}
	return text
}

// oneLine keeps a name from ending the comment that it stands in.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == '\u2028' || r == '\u2029' || r == '\x7f' {
			return ' '
		}
		return r
	}, text)
}

// extract suggests how to read what is new. Without a key the suggestion is a comment.
func (a Asked) extract(s Stream) string {
	mode, offered := a.Schema.Extract[schema.Incremental]
	_, byCursor := mode.Attribute("cursor")
	_, byKey := mode.Attribute("key")
	if !offered || !byCursor || len(s.Cursors) == 0 {
		return a.onlyMode()
	}
	set := []Setting{{"cursor", column(s.Cursors[0])}}
	if others := s.Cursors[1:]; len(others) > 0 {
		set[0].Value += " # or " + oneLine(strings.Join(columns(others), ", "))
	}
	if byKey && len(s.Keys) > 0 {
		set = append(set, Setting{"key", "[" + strings.Join(columns(s.Keys[0]), ", ") + "]"})
	}
	var b strings.Builder
	b.WriteString("extract \"incremental\" {\n")
	write(&b, set)
	b.WriteString("}\n")
	if !byKey || len(s.Keys) > 0 {
		return a.advice(s) + b.String()
	}
	return indexAdvice(s) + "# No key was found. If there is one, this reads only what is new:\n# " +
		strings.ReplaceAll(strings.TrimSuffix(b.String(), "}\n"), "\n", "\n#   ") + "key    = [ … ]\n# }\n"
}

// advice says what the suggested cursor misses, and what else there is.
func (a Asked) advice(s Stream) string {
	text := indexAdvice(s)
	for _, key := range s.Keys {
		if len(key) == 1 && key[0] == s.Cursors[0] {
			text += "# This finds new rows, and misses changes of old ones.\n"
			break
		}
	}
	if _, followed := a.Schema.Extract[schema.Delta]; followed {
		text += "# Where the server allows it, extract \"delta\" {} follows every change.\n"
	}
	return text
}

// indexAdvice says what reading by the suggested cursor costs without an index.
func indexAdvice(s Stream) string {
	if !slices.Contains(s.Unindexed, s.Cursors[0]) {
		return ""
	}
	return "# No index begins with " + oneLine(column(s.Cursors[0])) + ": each read looks at all rows, unless one is created.\n"
}

// onlyMode is written where a source can't be read without saying how.
func (a Asked) onlyMode() string {
	if _, batch := a.Schema.Extract[schema.Batch]; batch {
		return ""
	}
	return fmt.Sprintf("extract %q {}\n", a.Schema.Modes()[0])
}

func column(name string) string { return (&expr.Column{Path: []string{name}}).String() }

func columns(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = column(name)
	}
	return out
}

// formatted lays a block out as `etl fmt` does.
func formatted(text string) (string, error) {
	out, diags := format.Source([]byte(text), "offer.etl.hcl")
	if diags.HasErrors() {
		return "", fmt.Errorf("writing a block: %w", diags)
	}
	return string(out), nil
}
