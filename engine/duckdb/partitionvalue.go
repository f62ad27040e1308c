package duckdb

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// decode reads a partition value back from its text. It is not whole (and nil) where the text stands for a longer one.
func (f partitionField) decode(text string) (value any, whole bool, err error) {
	if f.kind == coltype.String || f.kind == coltype.Binary {
		if !strings.HasPrefix(text, "s") {
			return nil, false, nil
		}
		text = text[1:]
	}
	value, err = decodeText(f.kind, text)
	if err != nil {
		err = fmt.Errorf("reading the partition value %q: %w", text, err)
	}
	return value, true, err
}

func decodeText(k coltype.Kind, text string) (any, error) {
	switch k {
	case coltype.Boolean:
		return strconv.ParseBool(text)
	case coltype.Int, coltype.Long, coltype.Date, coltype.Time, coltype.Timestamp, coltype.Timestamptz:
		return strconv.ParseInt(text, 10, 64)
	case coltype.Float, coltype.Double:
		return strconv.ParseFloat(text, floatBits(k))
	case coltype.Binary:
		return hex.DecodeString(text)
	case coltype.Decimal:
		return decimalText(text)
	}
	return text, nil
}

// decimalText spells `-1230e-2` as -12.30; and .5 as 0.5.
func decimalText(text string) (string, error) {
	digits, exponent, ok := strings.Cut(text, "e-")
	if !ok { // DuckDB leaves out a zero before the point
		whole, fraction, _ := strings.Cut(text, ".")
		if whole == "" || whole == "-" {
			return whole + "0." + fraction, nil
		}
		return text, nil
	}
	scale, err := strconv.Atoi(exponent)
	unscaled, valid := new(big.Int).SetString(digits, 10)
	if err != nil || !valid {
		return "", fmt.Errorf("%q is no decimal", text)
	}
	return unscaledText(unscaled, scale), nil
}

// unscaledText is the usual spelling of unscaled / 10^scale, with all its digits.
func unscaledText(unscaled *big.Int, scale int) string {
	digits := new(big.Int).Abs(unscaled).String()
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if unscaled.Sign() < 0 {
		digits = "-" + digits
	}
	return digits
}

func floatBits(k coltype.Kind) int {
	if k == coltype.Float {
		return 32
	}
	return 64
}
