package view

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"time"
)

// numberForm is what a string must look like to be lined up as a number.
var numberForm = regexp.MustCompile(`^-?[0-9][0-9,]*(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func numeric(value any) bool {
	switch v := value.(type) {
	case string:
		return numberForm.MatchString(v)
	case bool:
		return false
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, json.Number:
		return true
	default:
		return numberForm.MatchString(cellText(value))
	}
}

// cellText is a value in a cell.
func cellText(value any) string {
	switch v := value.(type) {
	case nil:
		return "NULL"
	case string:
		return v
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case bool:
		return strconv.FormatBool(v)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case fmt.Stringer:
		return v.String()
	case []any, map[string]any:
		return string(jsonValue(v))
	default:
		return fmt.Sprint(v)
	}
}

// jsonTable is an array with an object a row, its keys in the order of the columns.
func jsonTable(w io.Writer, names []string, rows [][]any) error {
	var b bytes.Buffer
	b.WriteString("[")
	for i, row := range rows {
		b.WriteString(separator(i) + "\n  {")
		for j, value := range row {
			b.WriteString(separator(j))
			b.Write(jsonValue(names[j]))
			b.WriteString(":")
			b.Write(jsonValue(value))
		}
		b.WriteString("}")
	}
	if len(rows) > 0 {
		b.WriteString("\n")
	}
	b.WriteString("]\n")
	_, err := w.Write(b.Bytes())
	return err
}

func separator(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// jsonValue is a value in JSON; what JSON has no value for (NaN, infinities, times, bytes, decimals) is a string.
func jsonValue(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(jsonForm(value)); err != nil {
		b.Reset()
		return strconv.AppendQuote(nil, cellText(value))
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// jsonForm replaces what JSON can't say, also inside of lists and objects.
func jsonForm(value any) any {
	switch v := value.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return cellText(v)
		}
	case float32:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return cellText(v)
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = jsonForm(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = jsonForm(v[k])
		}
		return out
	case json.Number, json.Marshaler, time.Time, []byte:
		return v
	case fmt.Stringer:
		return v.String()
	}
	return value
}
