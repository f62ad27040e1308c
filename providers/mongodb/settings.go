package mongodb

import (
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
	"github.com/automic-etl/etl/providers/quantity"
)

const (
	defaultParallelism = 4
	mostParallelism    = 64
	idField            = "_id"
)

// settings are the decoded blocks.
type settings struct {
	connection  connection
	mode        string
	database    string
	collection  string
	filter      bson.D
	columns     []string // empty means all
	types       map[string]coltype.Type
	sample      int64
	parallelism int
	consistent  bool

	cursor    string
	key       []string
	lookback  lookback
	batchSize int32
}

// namespace is how messages and provenance name the collection.
func (s settings) namespace() string { return s.database + "." + s.collection }

func decodeSettings(cfg sdk.Config) (settings, sdk.Diagnostics) {
	conn, diags := decodeConnection(cfg)
	s := settings{
		connection:  conn,
		mode:        cfg.Mode,
		database:    attribute.Text(cfg.Source, "database", conn.database),
		collection:  attribute.Text(cfg.Source, "collection", ""),
		columns:     attribute.Texts(cfg.Source, "columns", nil),
		sample:      attribute.Number(cfg.Source, "sample", 0),
		parallelism: int(attribute.Number(cfg.Source, "parallelism", defaultParallelism)),
		consistent:  attribute.Flag(cfg.Source, "consistent", true),
		cursor:      attribute.Text(cfg.Extract, "cursor", ""),
		key:         attribute.Texts(cfg.Extract, "key", []string{idField}),
		batchSize:   int32(attribute.Number(cfg.Extract, "batch_size", 0)),
	}
	var more sdk.Diagnostics
	s.types, more = attribute.Types(cfg.Source, "types")
	diags = append(diags, more...)
	s.filter, more = decodeFilter(attribute.Text(cfg.Source, "filter", ""))
	diags = append(diags, more...)
	s.lookback, more = decodeLookback(attribute.Text(cfg.Extract, "lookback", ""))
	diags = append(diags, more...)
	return s, append(diags, s.check(cfg)...)
}

func (s settings) check(cfg sdk.Config) sdk.Diagnostics {
	var diags sdk.Diagnostics
	if named := attribute.Of(cfg.Source, "collection"); attribute.Given(named) && s.collection == "" {
		diags = append(diags, sdk.Error("Missing collection", "The collection's name must not be empty.", "collection"))
	}
	if s.mode == schema.Delta && len(s.filter) > 0 {
		diags = append(diags, sdk.Error("Filter in mode delta", "Changes are followed of a whole collection: a document that no longer matches would never be "+
			"removed. Remove filter, and write a step filter { where = … } in a table that reads this one.", "filter"))
	}
	if s.sample < 0 {
		diags = append(diags, sdk.Error("Invalid sample", "The number of documents to infer types from can't be negative. Write 0 to look at all.", "sample"))
	}
	if s.parallelism < 1 || s.parallelism > mostParallelism {
		diags = append(diags, sdk.Error("Invalid parallelism", fmt.Sprintf("From 1 to %d ranges can be read at the same time, not %d.", mostParallelism, s.parallelism), "parallelism"))
	}
	if s.batchSize < 0 {
		diags = append(diags, sdk.Error("Invalid batch size", "The number of documents that the server sends at a time can't be negative.", "batch_size"))
	}
	if s.mode == schema.Incremental && s.cursor != "" && len(s.columns) > 0 && !s.wants(s.cursor) {
		diags = append(diags, sdk.Error("Cursor not among the columns", fmt.Sprintf("The cursor field %q is not listed in columns. Add it, so that the "+
			"table can tell which documents it holds.", s.cursor), "columns"))
	}
	return diags
}

// wants reports whether a field is read.
func (s settings) wants(field string) bool {
	if len(s.columns) == 0 || s.mode == schema.Delta && field == idField {
		return true
	}
	for _, c := range s.columns {
		if c == field {
			return true
		}
	}
	return false
}

func decodeFilter(text string) (bson.D, sdk.Diagnostics) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var filter bson.D
	if err := bson.UnmarshalExtJSON([]byte(text), false, &filter); err != nil {
		return nil, sdk.Diagnostics{sdk.Error("Invalid filter", fmt.Sprintf("The filter is not the JSON of a query such as "+
			"{\"status\": \"paid\", \"at\": {\"$gte\": {\"$date\": \"2026-01-01T00:00:00Z\"}}}: %s.", err), "filter")}
	}
	return filter, nil
}

// lookback is how far before the recorded cursor to read again.
type lookback struct {
	text     string
	duration time.Duration
	number   int64
	isNumber bool
}

func decodeLookback(text string) (lookback, sdk.Diagnostics) {
	l := lookback{text: text}
	if text == "" {
		return l, nil
	}
	if _, err := fmt.Sscanf(text, "%d", &l.number); err == nil && fmt.Sprint(l.number) == text && l.number >= 0 {
		l.isNumber = true
		return l, nil
	}
	d, ok := quantity.Span(text)
	if !ok {
		return l, sdk.Diagnostics{sdk.Error("Invalid lookback", fmt.Sprintf("The lookback %q is neither a duration such as \"5m\", \"12h\" or \"2d\" nor a "+
			"whole number.", text), "lookback")}
	}
	l.duration = d
	return l, nil
}
