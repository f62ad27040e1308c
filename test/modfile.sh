#!/bin/sh
# Prints the path of a go.mod for `go build -modfile` in which one dependency starts faster: iceberg-go's table/substrait
# parses YAML for 130 ms in its init, in every process that links it; in the patched copy it parses at the first use.
# A build with the plain go.mod works the same and only starts slower. See docs/adr/0002-lazy-substrait.md.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
out=$root/test/.tools/modfile
version=$(go list -m -f '{{.Version}}' github.com/apache/iceberg-go)
copy=$out/iceberg-go@$version
if [ ! -d "$copy" ]; then
  source=$(go mod download -json "github.com/apache/iceberg-go@$version" | sed -n 's/^.*"Dir": "\(.*\)",*$/\1/p')
  rm -rf "$out"
  mkdir -p "$copy.new"
  (cd "$source" && find . -type d \( -name testdata -o -name website -o -name dev \) -prune -o -type f ! -name '*_test.go' -print | tar cf - -T -) | tar xf - -C "$copy.new"
  chmod -R u+w "$copy.new"
  file=$copy.new/table/substrait/substrait.go
  sed -e 's/^	collection = extensions.GetDefaultCollectionWithNoError()$/	collection = sync.OnceValue(loadCollection)/' \
      -e 's/^func init() {$/func loadCollection() *extensions.Collection {\n	collection := extensions.GetDefaultCollectionWithNoError()/' \
      -e 's/NewEmptyExtensionRegistry(collection)/NewEmptyExtensionRegistry(collection())/' \
      -e 's/^	"strings"$/	"strings"\n	"sync"/' "$file" |
    awk '/^func loadCollection/ { inside = 1 } inside && /^}$/ { print "\treturn collection"; inside = 0 } { print }' > "$file.new"
  mv "$file.new" "$file"
  mv "$copy.new" "$copy"
fi
cmp -s go.sum "$out/go.sum" || cp go.sum "$out/go.sum"
{ cat go.mod; printf '\nreplace github.com/apache/iceberg-go => %s\n' "$copy"; } > "$out/go.mod.new"
if cmp -s "$out/go.mod.new" "$out/go.mod"; then rm "$out/go.mod.new"; else mv "$out/go.mod.new" "$out/go.mod"; fi
echo "$out/go.mod"
