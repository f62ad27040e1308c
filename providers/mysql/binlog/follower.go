package binlog

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/automic-etl/etl/providers/mysql/cell"
)

// Place is where in the log a change is.
type Place struct {
	File   uint64 // the number in its name
	Offset uint64 // of the event
	Row    uint64 // of the event's changes; two for each row
}

// Change is what happened to a row.
type Change struct {
	Place     Place
	Committed time.Time
	Columns   []Column // the same slice until the table changes
	Before    []cell.Cell
	After     []cell.Cell // set of an insert and an update
}

// Handler is told what the events mean. What it is given it may keep until it returns.
type Handler struct {
	Change   func(Change) error
	Truncate func(Place, time.Time) error
	// Committed follows each transaction.
	Committed func() error
	// Wanted reports whether values of a column are read.
	Wanted func(column string) bool
}

// Follower interprets events for one table.
type Follower struct {
	Database, Table string
	Cased           bool   // the server tells names of tables apart by their case
	Names           *Names // of the table's columns; nil where they don't matter
	Seen            *GTIDs // all transactions until now
	Last            *Mark  // the last of them that was read here
	Bytes           uint64 // of the transactions that were read here
	First           string // the log's file where they begin
	charsets        Charsets
	handler         Handler

	from     *GTIDs
	expected *Mark
	exact    bool

	name      string // of the log's file
	file      uint64 // its number
	current   *transaction
	mark      *Mark // of the current transaction
	passed    bool  // the current transaction was read before
	committed time.Time
	touched   bool // the current transaction has rows of the table
	single    bool // the current transaction is one statement, which is its end
	held      held // what the current transaction does to the table
	format    []byte
	lastMap   *replication.TableMapEvent
	decoder   decoder
	before    []cell.Cell
	after     []cell.Cell
	saved     []byte
	row       uint64 // changes of the current event, or of those that lie at its place
}

// NewFollower starts after the transactions that are seen.
func NewFollower(database, table string, seen *GTIDs, charsets Charsets, handler Handler) *Follower {
	return &Follower{Database: database, Table: table, Seen: seen.Clone(), charsets: charsets, handler: handler}
}

// Event takes the next event. done is true at the end of a transaction.
func (f *Follower) Event(e *replication.BinlogEvent) (done bool, err error) {
	return f.event(e, e.Header)
}

func (f *Follower) event(e *replication.BinlogEvent, place *replication.EventHeader) (bool, error) {
	if f.current != nil && e.Header == place {
		f.Bytes += uint64(e.Header.EventSize)
	}
	switch event := e.Event.(type) {
	case *replication.FormatDescriptionEvent:
		f.format = e.RawData
	case *replication.RotateEvent:
		return false, f.rotate(string(event.NextLogName))
	case *replication.GTIDEvent:
		return f.begin(event, e.Header)
	case *replication.MariadbGTIDEvent:
		at := time.Unix(int64(e.Header.Timestamp), 0)
		gtid, err := domainGTID(e)
		if err != nil {
			return false, err
		}
		return f.next(transaction{maria: gtid}, event.IsStandalone(), at, at.UnixMicro())
	case *replication.GtidTaggedLogEvent:
		return false, errors.New("the server tags its transactions, which can't be followed yet")
	}
	if f.passed {
		return false, nil
	}
	switch event := e.Event.(type) {
	case *replication.RowsEvent:
		return false, f.changed(event, e.Header, place)
	case *replication.QueryEvent:
		return f.query(event, e.Header, place)
	case *replication.XIDEvent:
		return true, f.commit()
	case *replication.TransactionPayloadEvent:
		return f.payload(event, place)
	default:
		if e.Header.EventType == replication.XA_PREPARE_LOG_EVENT {
			return true, f.prepared()
		}
	}
	return false, nil
}

var fileNumber = regexp.MustCompile(`\.(\d+)$`)

func (f *Follower) rotate(name string) error {
	found := fileNumber.FindStringSubmatch(name)
	if found == nil {
		return fmt.Errorf("the binary log's file %q has no number", name)
	}
	n, err := strconv.ParseUint(found[1], 10, 32)
	f.file, f.name = n, name
	return err
}

// payload are the events of a transaction that is written compressed. All of them lie at its place.
func (f *Follower) payload(e *replication.TransactionPayloadEvent, place *replication.EventHeader) (done bool, err error) {
	parser := replication.NewBinlogParser()
	parser.SetRowsEventDecodeFunc(keepRows)
	format, err := parser.Parse(f.format)
	if err != nil {
		return false, fmt.Errorf("reading a compressed transaction: %w", err)
	}
	if description, ok := format.Event.(*replication.FormatDescriptionEvent); ok { // the parser keeps it: what is packed has no checksums
		description.ChecksumAlgorithm = replication.BINLOG_CHECKSUM_ALG_OFF
	}
	for _, packed := range e.Events {
		event, err := parser.Parse(packed.RawData)
		if err != nil {
			return false, fmt.Errorf("reading a compressed transaction: %w", err)
		}
		if done, err = f.event(event, place); err != nil {
			return false, err
		}
	}
	return done, nil
}

func (f *Follower) place(h *replication.EventHeader) Place {
	return Place{File: f.file, Offset: uint64(h.LogPos) - uint64(h.EventSize), Row: f.row}
}

// changed keeps rows of the table until their transaction ends.
func (f *Follower) changed(e *replication.RowsEvent, h, place *replication.EventHeader) error {
	if string(e.Table.Table) != f.Table || string(e.Table.Schema) != f.Database {
		return nil
	}
	f.touched = true
	return f.hold(step{place, uint64(h.EventSize), false, func() error { return f.rows(e, h.EventType, place) }})
}

func (f *Follower) rows(e *replication.RowsEvent, kind replication.EventType, place *replication.EventHeader) error {
	if kind == replication.PARTIAL_UPDATE_ROWS_EVENT {
		return fmt.Errorf("%w: a JSON value was logged by its differences (binlog_row_value_options)", ErrPartial)
	}
	if err := f.describe(e.Table); err != nil {
		return err
	}
	data, ok := e.Rows[0][0].([]byte)
	if !ok {
		return errors.New("the rows of an event were not kept")
	}
	if kind == replication.MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1 || kind == replication.MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1 ||
		kind == replication.MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1 {
		var err error
		if data, err = gomysql.DecompressMariadbData(data); err != nil {
			return fmt.Errorf("reading compressed rows: %w", err)
		}
	}
	in := &source{data: data}
	for len(in.data) > 0 {
		if err := f.change(e, in, place); err != nil {
			return err
		}
		f.row += 2
	}
	return nil
}

// describe keeps the columns until another event describes the table: it does before each statement's rows.
func (f *Follower) describe(table *replication.TableMapEvent) error {
	if f.lastMap == table {
		return nil
	}
	changed := f.lastMap == nil || !sameShape(f.lastMap, table)
	if changed {
		columns, err := columnsOf(table, f.charsets)
		if err != nil {
			return err
		}
		f.decoder.columns = columns
		f.before, f.after = make([]cell.Cell, len(columns)), make([]cell.Cell, len(columns))
	}
	if f.Names != nil && (changed || f.Names.stale) {
		f.Names.described(f.decoder.columns)
	}
	f.lastMap = table
	return nil
}

// sameShape compares all that a description says.
func sameShape(a, b *replication.TableMapEvent) bool {
	same := bytes.Equal(a.ColumnType, b.ColumnType) && equal(a.ColumnMeta, b.ColumnMeta) && bytes.Equal(a.SignednessBitmap, b.SignednessBitmap) &&
		equal(a.DefaultCharset, b.DefaultCharset) && equal(a.ColumnCharset, b.ColumnCharset) && equal(a.EnumSetDefaultCharset, b.EnumSetDefaultCharset) &&
		equal(a.EnumSetColumnCharset, b.EnumSetColumnCharset)
	return same && equal(a.ColumnNameString(), b.ColumnNameString()) && equalAll(a.EnumStrValueString(), b.EnumStrValueString()) &&
		equalAll(a.SetStrValueString(), b.SetStrValueString())
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func equalAll(a, b [][]string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// change reads the image of a row, or both of an update.
func (f *Follower) change(e *replication.RowsEvent, in *source, place *replication.EventHeader) error {
	c := Change{Place: f.place(place), Committed: f.committed, Columns: f.decoder.columns}
	switch e.Type() {
	case replication.EnumRowsEventTypeInsert:
		c.After = f.after
		if err := f.decoder.image(in, e.ColumnBitmap1, f.after); err != nil {
			return err
		}
	case replication.EnumRowsEventTypeDelete:
		c.Before = f.before
		if err := f.decoder.image(in, e.ColumnBitmap1, f.before); err != nil {
			return err
		}
	default:
		c.Before, c.After = f.before, f.after
		if err := f.decoder.image(in, e.ColumnBitmap1, f.before); err != nil {
			return err
		}
		f.decoder.scratch, f.saved = f.saved, f.decoder.scratch // the first image stays while the second is read
		if err := f.decoder.image(in, e.ColumnBitmap2, f.after); err != nil {
			return err
		}
	}
	return f.handler.Change(c)
}
