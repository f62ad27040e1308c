package state

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/apache/iceberg-go"
)

// maxSummary is how much of a snapshot's summary, or of the properties, is ours at most: both are read with every table.
const maxSummary = 8 << 10

// spillFolder is where large values of a table lie, each a file named by its SHA-256.
func spillFolder(tablePath string) string { return filepath.Join(tablePath, "metadata", "etl") }

func sha256Of(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// partPrefix begins the name of a file that is being written.
const partPrefix = "part-"

// spill moves the largest values into files until what is left is small.
func spill(tablePath string, props iceberg.Properties) error {
	for size(props) > maxSummary {
		key := largest(props)
		sum, err := writeSpilled(tablePath, []byte(props[key]))
		if err != nil {
			return fmt.Errorf("recording %s: %w", key, err)
		}
		delete(props, key)
		props[key+spilledSuffix] = sum
	}
	return nil
}

func size(props iceberg.Properties) int {
	total := 0
	for key, value := range props {
		total += len(key) + len(value)
	}
	return total
}

// largest is the key of the largest value, the first by name among equals.
func largest(props iceberg.Properties) string {
	keys := make([]string, 0, len(props))
	for key := range props {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	best := keys[0]
	for _, key := range keys {
		if len(props[key]) > len(props[best]) {
			best = key
		}
	}
	return best
}

// writeSpilled writes a file named by its content; one that is there already is the same.
func writeSpilled(tablePath string, content []byte) (string, error) {
	sum := sha256Of(content)
	folder := spillFolder(tablePath)
	path := filepath.Join(folder, sum)
	if _, err := os.Stat(path); err == nil {
		return sum, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	// Written aside and renamed: a file of that name is always whole, whoever else writes the same.
	part, err := os.CreateTemp(folder, partPrefix+"*")
	if err != nil {
		return "", err
	}
	_, err = part.Write(content)
	if err == nil {
		err = part.Sync()
	}
	err = errors.Join(err, part.Close())
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		return "", errors.Join(err, ignoreMissing(os.Remove(part.Name())))
	}
	return sum, syncPath(folder)
}

func readSpilled(tablePath, sum string) ([]byte, error) {
	path := filepath.Join(spillFolder(tablePath), sum)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damagedFile(path, err)
	}
	if err != nil {
		return nil, err
	}
	if sha256Of(content) != sum {
		return nil, damagedFile(path, errors.New("its content isn't what its name says"))
	}
	return content, nil
}

// unspill puts the values of files back in place of their names.
func unspill(tablePath string, props iceberg.Properties) (iceberg.Properties, error) {
	whole := make(iceberg.Properties, len(props))
	for key, value := range props {
		name, spilled := strings.CutSuffix(key, spilledSuffix)
		if !spilled || !strings.HasPrefix(key, "etl.") {
			whole[key] = value
			continue
		}
		content, err := readSpilled(tablePath, value)
		if err != nil {
			return nil, err
		}
		whole[name] = string(content)
	}
	return whole, nil
}
