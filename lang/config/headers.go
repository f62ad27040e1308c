package config

import (
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/grammar"
	"github.com/automic-etl/etl/lang/syntax"
	"github.com/automic-etl/etl/plugins/schema"
)

// header is a top-level block before its body is read.
type header struct {
	kind   string // the block's type
	addr   addr.Address
	block  *hclsyntax.Block
	spec   schema.Block
	broken bool // something of it could not be read
	// second blocks of one address are read for their mistakes only; what the first one means is contested then.
	second, contested bool

	instances []instance
	state     progress
	// open says that its keys aren't known, as in validate without the variable's value.
	open bool
	// loose says that each is used without for_each; that has been reported.
	loose bool
	// missing are the attributes that are used of each and don't exist; that has been reported.
	missing []string
}

// kinds maps the types of blocks to the kinds of addresses.
func kinds(block string) addr.Kind {
	if block == "variable" {
		return addr.Variable
	}
	return addr.Kind(block)
}

// collect takes the headers of a file.
func (l *loader) collect(file *syntax.File) {
	for _, attr := range decode.Ordered(file.Body) {
		l.moreLocals = true // it may be one of them, or even all
		l.report(diag.Error(attr.NameRange, "Attribute outside of a block",
			"%q stands outside of every block. Values of the project belong into locals { … }, settings into etl { … }.", attr.Name))
	}
	for _, block := range file.Body.Blocks {
		spec, ok := l.root.Nested(block.Type)
		if !ok || syntax.Lost(block.Body) { // then perhaps not even its labels are what they seem
			l.project.lost = append(l.project.lost, block.Labels...)
			l.moreLocals = l.moreLocals || len(block.Labels) == 0
		}
		if !ok {
			l.report(unknownBlock(block, l.root))
			if ofTerraform(block.Type) == "" {
				block, spec, ok = decode.Guess(block, l.root)
			}
			if !ok {
				continue
			}
		}
		h := &header{kind: block.Type, block: block, spec: spec.Block, broken: syntax.Damaged(block.Body)}
		if d := decode.Labels(block, spec); d != nil {
			l.report(d)
			l.project.lost = append(l.project.lost, block.Labels...)
			continue
		}
		l.add(h, spec)
	}
}

func unknownBlock(block *hclsyntax.Block, root schema.Block) *hcl.Diagnostic {
	if instead, ok := grammar.Later()[block.Type]; ok {
		return diag.Unsupported(block.DefRange(), "Blocks of the type "+block.Type+" are", instead)
	}
	hint := diag.Suggest(block.Type, root.Names())
	if hint == "" {
		hint = " A file may have " + diag.List(root.Names()) + "."
	}
	if instead := ofTerraform(block.Type); instead != "" {
		hint = instead
	}
	return diag.Error(block.TypeRange, "Unsupported block type",
		"There is no block %q.%s", block.Type, hint)
}

// ofTerraform says what to write for a block of Terraform.
func ofTerraform(kind string) string {
	switch kind {
	case "provider":
		return " What a provider needs stands in connection \"…\" \"…\" { … }."
	case "data", "resource":
		return " What is read is a source, what is made is a table."
	case "terraform":
		return " Did you mean \"etl\"?"
	}
	return ""
}

// add indexes a block by its address and refuses bad and duplicate names.
func (l *loader) add(h *header, spec schema.NestedBlock) {
	h.addr = addr.Address{Kind: kinds(h.kind)}
	switch len(spec.Labels) {
	case 1:
		h.addr.Name = h.block.Labels[0]
	case 2:
		h.addr.Type, h.addr.Name = h.block.Labels[0], h.block.Labels[1]
	}
	l.headers = append(l.headers, h)
	if h.kind == "locals" {
		l.collectLocals(h)
		return
	}
	if d := l.badName(h); d != nil {
		l.report(d)
	}
	if first := l.index[h.addr]; first != nil {
		l.report(diag.Error(h.block.DefRange(), "Duplicate block",
			"This block has the same address as the one at %[2]s line %[3]d: %[1]s. Give one of them another name, or remove it.",
			strings.TrimRight(h.addr.String(), "."), first.block.Range().Filename, first.block.Range().Start.Line))
		h.second, first.contested = true, true
		return
	}
	l.index[h.addr] = h
}

var (
	tableName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	blockName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func (l *loader) badName(h *header) *hcl.Diagnostic {
	for i, label := range h.block.Labels {
		at := h.block.LabelRanges[i]
		if (h.kind == "table" || h.kind == "layer") && !tableName.MatchString(label) {
			return diag.Error(at, "Invalid name", "A table or layer can't be called %q: the name is one in the catalog and in SQL, so it "+
				"begins with a lower-case letter and holds only lower-case letters, digits and underscores.", label)
		}
		if !blockName.MatchString(label) {
			return diag.Error(at, "Invalid name", "A block can't be called %q: expressions refer to it by its name, so it begins with a "+
				"letter and holds only letters, digits and underscores.", label)
		}
	}
	return l.reservedName(h)
}

func (l *loader) reservedName(h *header) *hcl.Diagnostic {
	switch h.kind {
	case "table", "layer":
		if reservedLayer(h.block.Labels[0]) {
			return diag.Error(h.block.LabelRanges[0], "Reserved name",
				"A layer can't be called %q: etl or the compute engine keeps something of its own there. Choose another name.", h.block.Labels[0])
		}
		last := len(h.block.Labels) - 1
		if h.kind == "table" && quarantine(h.block.Labels[last]) {
			return diag.Error(h.block.LabelRanges[last], "Reserved name",
				"Names that end in __quarantine belong to the tables of bad rows that etl makes. Choose another name.")
		}
	case "function":
		if reserved := reservedRoot(h.addr.Name); reserved {
			return diag.Error(h.block.LabelRanges[0], "Reserved name",
				"%q has a meaning of its own in expressions. Choose another name.", h.addr.Name)
		}
	}
	return nil
}

// reservedLayer says whether a namespace belongs to etl (its runs, its staging) or to DuckDB.
func reservedLayer(name string) bool {
	switch name {
	case "etl", "main", "temp", "system", "information_schema", "pg_catalog":
		return true
	}
	return strings.HasPrefix(name, "etl_")
}

// reservedRoot says whether a name begins references to configuration.
func reservedRoot(name string) bool {
	switch name {
	case "var", "local", "each", "path", "col":
		return true
	}
	return false
}
