package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/naming"
)

// collection is a source's collection, connected to.
type collection struct {
	settings
	client *mongo.Client
	db     *mongo.Database
	*mongo.Collection
}

// open connects. Nothing is asked of the server yet.
func open(cfg sdk.Config) (*collection, sdk.Diagnostics) {
	s, diags := settle(cfg)
	if diags.HasErrors() {
		return nil, diags
	}
	if s.database == "" {
		return nil, append(diags, sdk.Error("Missing database", "Neither the source nor its connection names a database. Write database = \"…\" in "+
			"one of them.", "database"))
	}
	opts, more := s.connection.options(s.parallelism + 4)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	client, err := mongo.Connect(opts)
	if err != nil {
		return nil, append(diags, s.connection.problem(err, s.namespace())...)
	}
	db := client.Database(s.database)
	return &collection{settings: s, client: client, db: db, Collection: db.Collection(s.collection)}, diags
}

// close leaves nothing behind at the server; it waits for it no longer than it must.
func (c *collection) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.client.Disconnect(ctx)
}

// info is what the server says of the collection.
type info struct {
	kind       string // collection, view, timeseries
	postImages bool
	snapshots  bool // can be read as of a moment
}

// stored reports whether the server keeps the documents as it shows them.
func (i info) stored() bool { return i.kind != "view" && i.kind != "timeseries" }

// describe finds the collection, or says what there is instead.
func (c *collection) describe(ctx context.Context) (info, sdk.Diagnostics) {
	specs, err := c.db.ListCollectionSpecifications(ctx, bson.D{})
	if unauthorized(err) { // a user may read a collection without seeing the list
		return c.undescribed(ctx)
	}
	if err != nil {
		return info{}, c.connection.problem(err, c.namespace())
	}
	var names []string
	for _, spec := range specs {
		if spec.Name == c.collection {
			postImages := spec.Options.Lookup("changeStreamPreAndPostImages", "enabled")
			enabled, _ := postImages.BooleanOK()
			return info{kind: spec.Type, postImages: enabled, snapshots: spec.Type != "view" && c.snapshots(ctx)}, nil
		}
		if !strings.HasPrefix(spec.Name, "system.") {
			names = append(names, spec.Name)
		}
	}
	return info{}, c.missing(ctx, names)
}

func (c *collection) undescribed(ctx context.Context) (info, sdk.Diagnostics) {
	err := c.FindOne(ctx, bson.D{}, options.FindOne().SetProjection(bson.D{{Key: idField, Value: 1}})).Err()
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return info{}, c.connection.problem(err, c.namespace())
	}
	return info{kind: "collection", snapshots: c.snapshots(ctx)}, nil
}

// missing says that there is no such collection, and what may have been meant.
func (c *collection) missing(ctx context.Context, names []string) sdk.Diagnostics {
	if len(names) == 0 {
		return c.missingDatabase(ctx)
	}
	slices.Sort(names)
	detail := fmt.Sprintf("The database %q has no collection %q.", c.database, c.collection)
	if near := naming.Nearest(c.collection, names); near != "" {
		detail += fmt.Sprintf(" Did you mean %q?", near)
	} else {
		detail += " It has " + listed(names) + "."
	}
	return sdk.Diagnostics{sdk.Error("Unknown collection", detail, "collection")}
}

func (c *collection) missingDatabase(ctx context.Context) sdk.Diagnostics {
	detail := fmt.Sprintf("There is no database %q with a collection that this user may see.", c.database)
	names, err := c.client.ListDatabaseNames(ctx, bson.D{})
	if err == nil {
		names = slices.DeleteFunc(names, func(name string) bool { return name == c.database })
		slices.Sort(names)
		if near := naming.Nearest(c.database, names); near != "" {
			detail += fmt.Sprintf(" Did you mean %q?", near)
		} else if len(names) > 0 {
			detail += " There are " + listed(names) + "."
		}
	}
	return sdk.Diagnostics{sdk.Error("Unknown database", detail, "database")}
}

func listed(names []string) string {
	const most = 10
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// snapshotVersion is the wire version of MongoDB 5.0.
const snapshotVersion = 13

// snapshots reports whether the server can read as of a moment.
func (c *collection) snapshots(ctx context.Context) bool {
	if !c.consistent {
		return false
	}
	var hello struct {
		SetName    string `bson:"setName"`
		Msg        string `bson:"msg"`
		MaxVersion int    `bson:"maxWireVersion"`
	}
	if err := c.client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return false
	}
	return hello.MaxVersion >= snapshotVersion && (hello.SetName != "" || hello.Msg == "isdbgrid")
}
