package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"github.com/automic-etl/etl/providers/mysql/binlog"
)

// charsets are the decoders of collations that the log has named so far. A query's result the server converts itself.
type charsets struct {
	server *server
	names  map[uint64]string
	found  map[string]binlog.Decoder
}

const binaryCollation = 63

// of asks the server under a context.
func (c *charsets) of(ctx context.Context) binlog.Charsets {
	return func(collation uint64) (binlog.Decoder, bool, error) { return c.find(ctx, collation) }
}

func (c *charsets) find(ctx context.Context, collation uint64) (binlog.Decoder, bool, error) {
	if collation == binaryCollation {
		return nil, true, nil
	}
	if c.names == nil {
		names, err := c.server.collations(ctx)
		if err != nil {
			return nil, false, err
		}
		c.names = names
		c.found = map[string]binlog.Decoder{"utf8mb4": nil, "utf8mb3": nil, "utf8": nil, "ascii": nil}
	}
	name, ok := c.names[collation]
	if !ok {
		return nil, false, fmt.Errorf("the server doesn't list the collation %d", collation)
	}
	decode, ok := c.found[name]
	if ok {
		return decode, false, nil
	}
	decode, err := c.server.decoder(ctx, name)
	if err == nil {
		c.found[name] = decode
	}
	return decode, false, err
}

// collations are the names of character sets by the numbers of their collations.
func (s *server) collations(ctx context.Context) (names map[uint64]string, err error) {
	query := "SELECT id, character_set_name FROM information_schema.collations"
	if s.maria { // newer collations are for several character sets and have a number for each
		if n, err := s.strings(ctx, `SELECT column_name FROM information_schema.columns WHERE table_schema = 'information_schema' AND
			table_name = 'COLLATION_CHARACTER_SET_APPLICABILITY' AND column_name = 'ID'`); err == nil && len(n) > 0 {
			query = "SELECT id, character_set_name FROM information_schema.collation_character_set_applicability"
		}
	}
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names = map[uint64]string{}
	for rows.Next() {
		var id sql.Null[uint64]
		var name sql.NullString
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		if id.Valid {
			names[id.V] = name.String
		}
	}
	return names, rows.Err()
}

// decoder asks the server what the bytes of a small character set stand for; the large ones are standards.
func (s *server) decoder(ctx context.Context, charset string) (binlog.Decoder, error) {
	if large := standard(charset); large != nil {
		return func(out, text []byte) []byte {
			decoded, err := large.NewDecoder().Bytes(text)
			if err != nil { // it replaces what it can't decode, and never fails
				return append(out, text...)
			}
			return append(out, decoded...)
		}, nil
	}
	var query strings.Builder
	query.WriteString("SELECT ")
	for b := range 256 {
		if b > 0 {
			query.WriteString(", ")
		}
		fmt.Fprintf(&query, "CONVERT(_%s X'%02X' USING utf8mb4)", charset, b)
	}
	var characters [256]string
	into := make([]any, len(characters))
	for b := range characters {
		into[b] = &characters[b]
	}
	if err := s.db.QueryRowContext(ctx, query.String()).Scan(into...); err != nil {
		return nil, fmt.Errorf("asking for the character set %s: %w", charset, err)
	}
	return func(out, text []byte) []byte {
		for _, b := range text {
			out = append(out, characters[b]...)
		}
		return out
	}, nil
}

func standard(charset string) encoding.Encoding {
	switch charset {
	case "ucs2", "utf16":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case "utf16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case "utf32":
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)
	case "gbk", "gb2312":
		return simplifiedchinese.GBK
	case "gb18030":
		return simplifiedchinese.GB18030
	case "big5":
		return traditionalchinese.Big5
	case "sjis", "cp932":
		return japanese.ShiftJIS
	case "ujis", "eucjpms":
		return japanese.EUCJP
	case "euckr":
		return korean.EUCKR
	}
	return nil
}
