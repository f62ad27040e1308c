// Package secret reads the secrets that URLs name: the form of the URLs is that of gocloud.dev/runtimevar.
package secret

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"gocloud.dev/runtimevar"
	"gocloud.dev/runtimevar/constantvar"

	"github.com/automic-etl/etl/lang/diag"
)

// Reader reads secrets, each once. It is safe for concurrent use.
type Reader struct {
	dir string // relative paths are relative to it
	mux runtimevar.URLMux

	mu   sync.Mutex
	read map[string]answer
}

type answer struct {
	text string
	err  error
}

// New makes a reader for the project in a folder.
func New(dir string) *Reader {
	r := &Reader{dir: dir, read: map[string]answer{}}
	r.mux.RegisterVariable(constantvar.Scheme, &constantvar.URLOpener{Decoder: runtimevar.BytesDecoder})
	r.mux.RegisterVariable(fileScheme, fileOpener{dir: dir})
	return r
}

// patience is how long a store may take to answer.
const patience = 30 * time.Second

// Read returns the text that a URL names, without white space around it. The error says what to do, and holds neither
// the secret nor what the URL has behind its question mark.
func (r *Reader) Read(ctx context.Context, text string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, again := r.read[text]; again {
		return known.text, known.err
	}
	value, err := r.open(ctx, text)
	if ctx.Err() == nil {
		r.read[text] = answer{value, err}
	}
	return value, err
}

func (r *Reader) open(ctx context.Context, text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return "", errors.New("it is no URL; write where the secret is, as in file:///run/secrets/shop or file://./shop.secret")
	}
	if !r.mux.ValidVariableScheme(u.Scheme) {
		return "", r.unknown(u.Scheme)
	}
	if err := parameters(u); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	variable, err := r.mux.OpenVariableURL(ctx, u)
	if err != nil {
		return "", explain(err)
	}
	defer variable.Close()
	found, err := variable.Watch(ctx)
	if err != nil {
		return "", explain(err)
	}
	return textOf(found.Value)
}

// Inline says whether the URL is the secret itself, so that it must be hidden like one.
func Inline(text string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), constantvar.Scheme+":")
}

// unknown refuses a scheme, and says of the stores that other programs read what to do instead.
func (r *Reader) unknown(scheme string) error {
	if slices.Contains(stores(), scheme) {
		return fmt.Errorf("this build has no client of the store %s://, which would make it larger by a twentieth. Have the store's own "+
			"tool put the secret into a file or an environment variable, and write secret(\"file:///…\") or env(\"…\")", scheme)
	}
	known := r.mux.VariableSchemes()
	slices.Sort(known)
	return fmt.Errorf("there is no kind of secret store %s://.%s It can be %s", scheme, diag.Suggest(scheme, known), strings.Join(known, ":// or ")+"://")
}

// stores are the schemes of gocloud.dev/runtimevar, and those that are taken for one, which this build leaves out.
func stores() []string {
	return []string{
		"awsparamstore", "awssecretsmanager", "gcpsecretmanager", "gcpruntimeconfig", "azurekeyvault", "blob", "etcd", "http", "https", "vault",
	}
}

// parameters refuses what the URL asks for in vain. A secret is text, whatever the store calls it.
func parameters(u *url.URL) error {
	for _, decoder := range u.Query()["decoder"] {
		if decoder != "string" && decoder != "bytes" {
			return errors.New("its decoder is neither \"string\" nor \"bytes\": leave it out, and read JSON with jsondecode(secret(…))")
		}
	}
	return nil
}

// explain words an error without the URL, which may hold the secret.
func explain(err error) error {
	if own := (*problem)(nil); errors.As(err, &own) {
		return own
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the store did not answer within %s", patience)
	}
	text := err.Error()
	if _, parameter, found := strings.Cut(text, "invalid query parameter "); found {
		return fmt.Errorf("it has a parameter that nobody knows: %s", parameter)
	}
	return errors.New("the store refuses it")
}

// problem is an error in words of this package.
type problem struct{ text string }

func (p *problem) Error() string { return p.text }

func problemf(format string, args ...any) error { return &problem{fmt.Sprintf(format, args...)} }

// textOf is a value as text.
func textOf(value any) (string, error) {
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return "", errors.New("the secret is no text")
	}
	if !utf8.ValidString(text) {
		return "", errors.New("the secret is no UTF-8 text; where it is binary, keep it in Base64")
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", errors.New("the secret is empty")
	}
	return text, nil
}
