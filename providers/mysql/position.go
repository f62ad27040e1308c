package mysql

import (
	"context"
	"time"

	"github.com/automic-etl/etl/providers/mysql/binlog"
	"github.com/automic-etl/etl/providers/mysql/cell"
)

// appendPosition spells where a change is, so that texts sort as changes happened: the epoch, the log's file, the event's
// offset in it, the row of the event. Rows of a snapshot come before all files.
func appendPosition(out []byte, epoch uint64, at binlog.Place) []byte {
	out = appendHex(out, epoch, 11)
	out = appendHex(append(out, '/'), at.File, 8)
	out = appendHex(append(out, '/'), at.Offset, 10)
	return appendHex(append(out, '/'), at.Row, 10)
}

func appendHex(out []byte, n uint64, width int) []byte {
	for n>>(4*width) > 0 {
		width++
	}
	for shift := 4 * (width - 1); shift >= 0; shift -= 4 {
		out = append(out, "0123456789abcdef"[n>>shift&0xf])
	}
	return out
}

func textCell(text string) cell.Cell { return cell.Cell{Kind: cell.Text, Bytes: []byte(text)} }

func timeCell(at time.Time) cell.Cell {
	return cell.Cell{Kind: cell.Instant, Moment: cell.MomentOf(at.Unix(), at.Nanosecond()/1000, 6)}
}

// begin is the point at which a snapshot is taken.
type begin struct {
	point
	at time.Time
}

// newEpoch is the server's clock in milliseconds: later than that of any snapshot before.
func (s *server) newEpoch(ctx context.Context) (begin, error) {
	var micros int64
	if err := s.db.QueryRowContext(ctx, "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)").Scan(&micros); err != nil {
		return begin{}, err
	}
	at := time.UnixMicro(micros).UTC()
	return begin{point: point{Version: cursorVersion, Epoch: uint64(at.UnixMilli())}, at: at}, nil
}
