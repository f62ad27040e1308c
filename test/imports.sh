#!/bin/sh
# The import rule of the architecture: which package may import which of ours. Also: no folders with names that say
# nothing, no file over 600 lines.
set -eu
cd "$(dirname "$0")/.."

module=github.com/automic-etl/etl
failed=0

# allowed FROM: the folders that packages of FROM may import, as an extended regular expression.
allowed() {
	case $1 in
	"") echo '^(cli|providers)(/|$)' ;;
	cli | cli/*) echo '^(cli|engine|lang|state|plugins)(/|$)' ;;
	engine/*) echo '^(engine|lang|state|plugins)(/|$)' ;;
	lang/*) echo '^(lang|plugins/schema)(/|$)' ;;
	state | state/*) echo '^(state|lang/addr|plugins/schema|plugins/arrowschema)(/|$)' ;;
	plugins/*) echo '^plugins(/|$)' ;;
	providers | providers/*) echo '^(providers|plugins/sdk|plugins/schema|plugins/arrowschema|plugins/datafile)(/|$)' ;;
	test | test/*) echo '.' ;;
	*) echo '^$' ;;
	esac
}

edges=$(go list -e -tags duckdb_arrow,netgo,osusergo -f '{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}
{{end}}' ./... | grep " $module" || true)
if [ -z "$edges" ]; then
	echo "go list found no packages: the import rule was not checked" >&2
	exit 1
fi
while read -r from to; do
	from=${from#"$module"}; from=${from#/}
	to=${to#"$module"}; to=${to#/}
	if ! printf '%s\n' "$to" | grep -qE "$(allowed "$from")"; then
		echo "${from:-main} must not import $to (docs: imports go cli → engine → lang, state, plugins; providers → plugins/sdk)" >&2
		failed=1
	fi
done <<END
$edges
END

for folder in $(git ls-files '*.go' | xargs -n1 dirname | sort -u); do
	case "/$folder/" in
	*/util/* | */utils/* | */common/* | */helpers/* | */helper/* | */manager/* | */misc/*)
		echo "$folder: name the folder after what it holds" >&2
		failed=1 ;;
	esac
done

for file in $(git ls-files '*.go' | grep -v '\.pb\.go$'); do
	[ -f "$file" ] || continue
	lines=$(wc -l <"$file")
	if [ "$lines" -gt 600 ]; then
		echo "$file has $lines lines; 600 is the limit" >&2
		failed=1
	fi
done
exit $failed
