package mongodb

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/sdk"
)

// track is how far a change stream was read.
type track struct {
	Version    int    `json:"version"`
	Collection string `json:"collection"`
	// Time and Sequence are of the last row that was sent. Changes of one transaction have one time.
	Time     bson.Timestamp `json:"time"`
	Sequence int64          `json:"sequence"`
	// Token is where the server goes on; without one, with what happened after Time.
	Token token `json:"token,omitempty"`
	// Reached is up to when there is nothing more.
	Reached bson.Timestamp `json:"reached"`
	// Ended says what became of the collection, if that ended the stream.
	Ended string `json:"ended,omitempty"`
}

// token is a resume token: in JSON, canonical Extended JSON.
type token bson.Raw

// MarshalJSON writes the token's document.
func (t token) MarshalJSON() ([]byte, error) {
	if len(t) == 0 {
		return []byte("null"), nil
	}
	return bson.MarshalExtJSON(bson.Raw(t), true, false)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *token) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	var raw bson.Raw
	err := bson.UnmarshalExtJSON(text, true, &raw)
	*t = token(raw)
	return err
}

// time is the time in a token of MongoDB's own server: the first value of the sort key that the token is, a timestamp.
// Others have tokens of their own making.
func (t token) time() (bson.Timestamp, bool) {
	text, ok := bson.Raw(t).Lookup("_data").StringValueOK()
	const timestampTag = 0x82
	if !ok || len(text) < 18 {
		return bson.Timestamp{}, false
	}
	key, err := hex.DecodeString(text[:18])
	if err != nil || key[0] != timestampTag {
		return bson.Timestamp{}, false
	}
	return bson.Timestamp{T: bigEndian(key[1:]), I: bigEndian(key[5:])}, true
}

func bigEndian(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func decodeTrack(recorded map[string][]byte) (*track, sdk.Diagnostics) {
	text := recorded[""]
	if len(text) == 0 {
		return nil, nil
	}
	var t track
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, unreadable(err)
	}
	return &t, newer(t.Version)
}

func (t track) encode() ([]byte, error) {
	t.Version = version
	text, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("writing the position: %w", err)
	}
	return text, nil
}

// step is the position of the next row at a time.
func (t *track) step(at bson.Timestamp) string {
	if !at.Equal(t.Time) {
		t.Time, t.Sequence = at, 0
	}
	t.Sequence++
	return spelled(at, t.Sequence)
}

// spelled sorts as changes happened.
func spelled(at bson.Timestamp, sequence int64) string {
	return fmt.Sprintf("%08x%08x/%010d", at.T, at.I, sequence)
}

// snapshot is when documents are read as of, and when that was: where nothing is written there may be several of one time.
type snapshot struct {
	at   bson.Timestamp
	read time.Time
}

// position sorts after the changes of the snapshot's time, and before those of later ones.
func (s snapshot) position(row int64) string {
	return fmt.Sprintf("%08x%08x/s%013d/%010d", s.at.T, s.at.I, s.read.UnixMilli(), row)
}

// next is the first time after another.
func next(at bson.Timestamp) bson.Timestamp {
	at.I++
	if at.I == 0 {
		at.T++
	}
	return at
}

func shownTime(at bson.Timestamp) string {
	return time.Unix(int64(at.T), 0).UTC().Format("2006-01-02 15:04:05Z")
}
