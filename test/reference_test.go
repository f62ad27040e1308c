package test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/lang/grammar"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/providers"
)

// TestReference keeps docs/reference what the code says: the blocks, the functions, and each built-in provider.
func TestReference(t *testing.T) {
	pages := map[string]string{"blocks.md": blocksPage(), "functions.md": functionsPage()}
	builtIn := providers.BuiltIn()
	for _, name := range slices.Sorted(maps.Keys(builtIn)) {
		pages[name+".md"] = providerPage(builtIn[name].Schema())
	}
	for name, want := range pages {
		path := filepath.Join("..", "docs", "reference", name)
		if *updateScripts {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("docs/reference/%s is not what the code says (go test ./test -run TestReference -update): %v", name, err)
		}
	}
}

const generated = "\n<!-- Written by go test ./test -run TestReference -update; edit the descriptions in the code. -->\n\n"

func blocksPage() string {
	var b strings.Builder
	b.WriteString("# Blocks\n" + generated + grammar.Root().Doc + " Steps of a table run from top to bottom.\n")
	for _, nested := range grammar.Root().Blocks {
		writeBlock(&b, nested, 2)
	}
	return b.String()
}

// writeBlock is a block with its attributes and the blocks inside.
func writeBlock(b *strings.Builder, nested schema.NestedBlock, level int) {
	fmt.Fprintf(b, "\n%s `%s`\n\n%s\n", strings.Repeat("#", level), headerOf(nested), nested.Block.Doc)
	writeAttributes(b, nested.Block.Attributes)
	for _, inner := range nested.Block.Blocks {
		writeBlock(b, inner, min(level+1, 4))
	}
}

func headerOf(nested schema.NestedBlock) string {
	text := nested.Name
	for _, label := range nested.Labels {
		text += " \"" + strings.ToUpper(label) + "\""
	}
	return text
}

func writeAttributes(b *strings.Builder, attributes []schema.Attribute) {
	if len(attributes) == 0 {
		return
	}
	b.WriteString("\n| Attribute | Takes | |\n|---|---|---|\n")
	for _, a := range attributes {
		name := "`" + a.Name + "`"
		if a.Name == grammar.Free {
			name = "any other name"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, takes(a), cell(strings.Join(remarks(a), " ")))
	}
}

// takes says what stands after the attribute's equals sign.
func takes(a schema.Attribute) string {
	switch a.Kind {
	case schema.Value, "":
		if a.Type == cty.NilType || a.Type == cty.DynamicPseudoType {
			return "any"
		}
		return cell(a.Type.FriendlyName())
	case schema.Columns:
		return "a list of columns"
	case schema.Types:
		return "column types: `{ zip = string }`"
	case schema.Expression:
		return "an expression over columns"
	default:
		return strings.ReplaceAll(string(a.Kind), "_", "\\_")
	}
}

func remarks(a schema.Attribute) []string {
	var parts []string
	if a.Required {
		parts = append(parts, "**Required.**")
	}
	parts = append(parts, a.Doc)
	if len(a.OneOf) > 0 {
		parts = append(parts, "One of `"+strings.Join(a.OneOf, "`, `")+"`.")
	}
	if a.Default != cty.NilVal && a.Default.IsWhollyKnown() && !a.Default.IsNull() {
		if text, err := stdlib.JSONEncode(a.Default); err == nil {
			parts = append(parts, "Default: `"+text.AsString()+"`.")
		}
	}
	if a.Sensitive {
		parts = append(parts, "Sensitive.")
	}
	if a.Deprecated != "" {
		parts = append(parts, "Deprecated: write "+a.Deprecated+".")
	}
	return parts
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

func functionsPage() string {
	var b strings.Builder
	b.WriteString("# Functions over columns\n" + generated +
		"These are the engine's. In a signature N is a number, I a whole number, D a date or timestamp, O anything that has an order,\n" +
		"T, K and V anything (the same type wherever the same letter stands); `?` is optional, `...` repeats.\n")
	group := ""
	for _, f := range expr.Builtins() {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "\n## %s\n\n| Function | |\n|---|---|\n", strings.ToUpper(group[:1])+group[1:])
		}
		signatures := make([]string, len(f.Signatures))
		for i, s := range f.Signatures {
			signatures[i] = "`" + cell(s) + "`"
		}
		fmt.Fprintf(&b, "| %s | %s `%s` |\n", strings.Join(signatures, "<br>"), cell(f.Doc), cell(f.Example))
	}
	return b.String()
}

func providerPage(p schema.Provider) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Provider `%s`\n%s", p.Name, generated)
	if p.Connection != nil {
		writeBlock(&b, schema.NestedBlock{Name: "connection \"" + p.Name + "\"", Labels: []string{"name"}, Block: *p.Connection}, 2)
	}
	writeBlock(&b, schema.NestedBlock{Name: "source \"" + p.Name + "\"", Labels: []string{"name"}, Block: p.Source}, 2)
	for _, mode := range slices.Sorted(maps.Keys(p.Extract)) {
		writeBlock(&b, schema.NestedBlock{Name: "extract \"" + mode + "\"", Block: p.Extract[mode]}, 3)
	}
	return strings.Replace(b.String(), "-->\n\n\n", "-->\n\n", 1)
}
