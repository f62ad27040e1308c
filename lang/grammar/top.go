package grammar

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
)

// Root is the whole file: every block that may stand at the top.
func Root() schema.Block {
	return schema.Block{
		Doc: "A project is all files of a folder whose names end in .etl.hcl, in any order.",
		Blocks: []schema.NestedBlock{
			{Name: "etl", Block: settings(), Max: 1},
			{Name: "variable", Labels: []string{"name"}, Block: variable()},
			{Name: "locals", Block: locals()},
			{Name: "lakehouse", Block: lakehouse(), Max: 1},
			{Name: "layer", Labels: []string{"name"}, Block: layer()},
			{Name: "connection", Labels: []string{"provider", "name"}, Block: connection()},
			{Name: "source", Labels: []string{"provider", "name"}, Block: source()},
			{Name: "table", Labels: []string{"layer", "name"}, Block: table()},
			{Name: "function", Labels: []string{"name"}, Block: function()},
			{Name: "output", Labels: []string{"name"}, Block: output()},
		},
	}
}

// Later are the blocks of the language that this version doesn't know yet: what each is, and what to do instead.
func Later() map[string]string {
	return map[string]string{
		"model":   "Leave out the block and the steps that use it.",
		"module":  "Put the module's files into the project's folder, and use for_each for repetition.",
		"test":    "Check the rows with expect blocks in the table.",
		"moved":   "Keep the block's name, or let the plan drop the old table and create the new one.",
		"removed": "Delete the table's block; the plan then says what is dropped.",
		"import":  "Let etl create the table anew under its own address.",
	}
}

func settings() schema.Block {
	return schema.Block{
		Doc: "Settings of the project.",
		Attributes: []schema.Attribute{
			value("project", schema.Attribute{Type: cty.String, Doc: "The name that owns the project's tables. Required with a lakehouse block, else \"default\"."}),
			value("required_version", schema.Attribute{Type: cty.String, Doc: "The versions of etl that may be used, as in \">= 0.1.0, < 2.0.0\"."}),
		},
		Blocks: []schema.NestedBlock{{Name: "required_plugins", Max: 1, Block: schema.Block{
			Doc:        "Plugins that aren't built in. Not supported yet.",
			Attributes: []schema.Attribute{of(Free, Any, "Source and version of a plugin.")},
		}}},
	}
}

func variable() schema.Block {
	return schema.Block{
		Doc: "A value that is given from outside: -var, -var-file, *.auto.etlvars.hcl, ETL_VAR_name, or the default.",
		Attributes: []schema.Attribute{
			of("type", ValueType, "The type: string, number, bool, list(T), set(T), map(T), object({…}), tuple([…]) or any."),
			of("default", Any, "The value if none is given. It may call functions, env() included."),
			value("sensitive", schema.Attribute{Type: cty.Bool, Doc: "The value is never printed or recorded."}),
			value("description", schema.Attribute{Type: cty.String, Doc: "What it is for."}),
			value("nullable", schema.Attribute{Type: cty.Bool, Default: cty.True, Doc: "Whether null is a value."}),
		},
		Blocks: []schema.NestedBlock{{Name: "validation", Block: schema.Block{
			Doc: "A rule for the value.",
			Attributes: []schema.Attribute{
				required(of("condition", Any, "True for good values.")),
				required(of("error_message", Any, "What to tell who gave a bad one.")),
			},
		}}},
	}
}

func locals() schema.Block {
	return schema.Block{
		Doc:        "Named values of the project: local.NAME.",
		Attributes: []schema.Attribute{of(Free, Any, "A value.")},
	}
}

func lakehouse() schema.Block {
	return schema.Block{
		Doc: "Where state and data live. Without it: a SQLite catalog at .etl/catalog.db, ./warehouse, DuckDB in process.",
		Attributes: []schema.Attribute{
			value("warehouse", schema.Attribute{Type: cty.String, Doc: "The folder of the data, relative to the project's."}),
		},
		Blocks: []schema.NestedBlock{
			{Name: "catalog", Labels: []string{"kind"}, Max: 1, Block: schema.Block{
				Doc: "The Iceberg catalog; the kind is sql.",
				Attributes: []schema.Attribute{
					value("path", schema.Attribute{Type: cty.String, Doc: "The SQLite file of the catalog, relative to the project's folder."}),
					value("uri", schema.Attribute{Type: cty.String, Doc: "The same as a URI: sqlite:///.etl/catalog.db."}),
				},
			}},
			{Name: "compute", Labels: []string{"kind"}, Max: 1, Block: schema.Block{
				Doc: "What computes; the kind is duckdb.",
				Attributes: []schema.Attribute{
					value("memory_limit", schema.Attribute{Type: cty.String, Doc: "How much memory the engine may take, as in \"4GB\"."}),
					value("threads", schema.Attribute{Type: cty.Number, Doc: "How many threads it may use."}),
				},
			}},
		},
	}
}

func layer() schema.Block {
	return schema.Block{
		Doc: "A layer of tables, and a namespace of the catalog. bronze, silver and gold exist without being declared.",
		Attributes: []schema.Attribute{
			value("doc", schema.Attribute{Type: cty.String, Cosmetic: true, Doc: "What the layer is for."}),
			value("retention", schema.Attribute{Type: cty.String, Doc: "Not supported yet."}),
			value("snapshot_retention", schema.Attribute{Type: cty.String, Doc: "Not supported yet."}),
		},
	}
}

func connection() schema.Block {
	return schema.Block{
		Doc:        "How a system is reached; the provider's reference page has the attributes.",
		Attributes: []schema.Attribute{of("for_each", ForEach, "One connection for each element.")},
	}
}

func source() schema.Block {
	return schema.Block{
		Doc: "Something that can be read; the provider's reference page has the other attributes.",
		Attributes: []schema.Attribute{
			of("for_each", ForEach, "One source for each element."),
			of("connection", Address, "The connection to read through, where the provider has connections."),
		},
		Blocks: []schema.NestedBlock{{Name: "extract", Labels: []string{"mode"}, Max: 1, Block: schema.Block{
			Doc: "How it is read: batch (the default), incremental or delta, as far as the provider offers it.",
		}}},
	}
}

func function() schema.Block {
	return schema.Block{
		Doc: "A named expression over columns, inlined where it is called.",
		Attributes: []schema.Attribute{
			of("params", Names, "The names of the parameters."),
			required(of("result", schema.Expression, "The expression, over the parameters.")),
			value("doc", schema.Attribute{Type: cty.String, Doc: "What it computes."}),
		},
	}
}

func output() schema.Block {
	return schema.Block{
		Doc: "A value to show after plan and apply.",
		Attributes: []schema.Attribute{
			required(of("value", Any, "The value.")),
			value("description", schema.Attribute{Type: cty.String, Doc: "What it is."}),
			value("sensitive", schema.Attribute{Type: cty.Bool, Doc: "The value isn't printed."}),
		},
	}
}
