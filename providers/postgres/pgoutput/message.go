package pgoutput

// Message is one of the types below.
type Message any

// Begin starts a transaction. Transactions come whole, in the order in which they were committed.
type Begin struct {
	Commit LSN    // where its commit begins
	Micros int64  // since 1970, UTC: when it was committed
	ID     uint32 // of the transaction
}

// Commit ends a transaction.
type Commit struct {
	LSN, End LSN // where the commit begins, and where it ends
}

// Relation describes a table before the first change that needs it, and again when it has changed.
type Relation struct {
	ID           uint32
	Schema, Name string
	Columns      []Column
}

// Column is a column of a relation.
type Column struct {
	Key    bool // part of what identifies a row
	Name   string
	Type   uint32
	Typmod int32
}

// Kinds of values.
const (
	Null      = 'n'
	Unchanged = 'u' // not told, since it is out of line and as before
	Text      = 't'
)

// Value is a column's value.
type Value struct {
	Kind byte
	Data []byte // valid until the next message is read
}

// Old says what is known of a row as it was.
type Old byte

// What is known: nothing (its identity is that of the new row), what identifies it, or all of it.
const (
	OldNothing Old = 0
	OldKey     Old = 'K'
	OldRow     Old = 'O'
)

// Insert is a new row.
type Insert struct {
	Relation uint32
	New      []Value
}

// Update is a changed row.
type Update struct {
	Relation uint32
	Known    Old
	Old, New []Value
}

// Delete is a row that is gone.
type Delete struct {
	Relation uint32
	Known    Old
	Old      []Value
}

// Truncate empties tables.
type Truncate struct{ Relations []uint32 }

// Other is a message without meaning for a reader of rows.
type Other struct{ Kind byte }
