package config

import (
	"cmp"
	"slices"
	"sync"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/lang/secret"
)

// vault is the texts that must not be printed.
type vault struct {
	mutex sync.Mutex
	texts map[string]bool
}

// secret remembers the secrets within a value.
func (l *loader) secret(v cty.Value) {
	found := eval.Secrets(v)
	l.secrets.mutex.Lock()
	defer l.secrets.mutex.Unlock()
	for _, text := range found {
		for _, part := range append(secret.Parts(text), text) {
			if len(part) >= eval.ShortestSecret {
				l.secrets.texts[part] = true
			}
		}
	}
}

// sensitive are the secrets, longest first: to replace one that is part of another must not leave the rest behind.
func (v *vault) sensitive() []string {
	texts := make([]string, 0, len(v.texts))
	for text := range v.texts {
		texts = append(texts, text)
	}
	slices.SortFunc(texts, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return texts
}
