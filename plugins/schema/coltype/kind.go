package coltype

import "fmt"

// kindNames are indexed by Kind: the language's spelling of each constructor.
var kindNames = [...]string{
	Unknown: "unknown", Boolean: "boolean", Int: "int", Long: "long", Float: "float", Double: "double",
	Decimal: "decimal", Date: "date", Time: "time", Timestamp: "timestamp", Timestamptz: "timestamptz",
	String: "string", UUID: "uuid", Binary: "binary", List: "list", Map: "map", Struct: "object",
}

// String is the kind's name in the language; Struct is `object`.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// MarshalText writes the kind by name, so that recorded schemas don't depend on the order of the constants.
func (k Kind) MarshalText() ([]byte, error) {
	if int(k) >= len(kindNames) {
		return nil, fmt.Errorf("encoding a column type: kind %d does not exist", uint8(k))
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (k *Kind) UnmarshalText(text []byte) error {
	kind, ok := KindOf(string(text))
	if !ok {
		return fmt.Errorf("decoding a column type: there is no type %q", text)
	}
	*k = kind
	return nil
}

// KindOf finds a kind by its name in the language.
func KindOf(name string) (Kind, bool) {
	for kind, known := range kindNames {
		if known == name {
			return Kind(kind), true
		}
	}
	return Unknown, false
}

// Numeric reports whether values of the kind are numbers.
func (k Kind) Numeric() bool { return k >= Int && k <= Decimal }

// Nested reports whether the kind is built of other types.
func (k Kind) Nested() bool { return k >= List && k <= Struct }

// Names are the names of all types that a user can write, in the order of the reference page.
func Names() []string {
	return append([]string(nil), kindNames[Boolean:]...)
}
