package mysql_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/conformance"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// TestConformance holds the provider, in a process of its own, to what the engine relies on.
func TestConformance(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE numbers (n int primary key, s varchar(40))")
		l.fill("numbers", 300, func(i int) string { return fmt.Sprintf("%d, 'text %d'", i, i) })
		growing := l.incremental(table("numbers"), map[string]cty.Value{"cursor": cty.StringVal("n")}).cfg
		examine(t, conformance.Subject{Unordered: true, Config: func(*host.Client) sdk.Config { return growing }}, conformance.Cases())
		cfg := l.follow(table("numbers")).cfg
		examine(t, conformance.Subject{
			Config: func(*host.Client) sdk.Config { return cfg },
			Write: func(ctx context.Context, time int) error {
				for _, statement := range []string{
					fmt.Sprintf("INSERT INTO numbers SELECT n + %d, s FROM numbers WHERE n BETWEEN 0 AND 9 ON DUPLICATE KEY UPDATE s = 'again'", time*1000),
					fmt.Sprintf("UPDATE numbers SET s = 'time %d' WHERE n BETWEEN 10 AND 99", time),
					fmt.Sprintf("UPDATE numbers SET n = n + 100000 * %d WHERE n BETWEEN 50 + %d AND 52 + %d", time, time*3, time*3),
					fmt.Sprintf("DELETE FROM numbers WHERE n BETWEEN 100 + %d AND 104 + %d", time*5, time*5),
				} {
					if _, err := l.db.ExecContext(ctx, statement); err != nil {
						return err
					}
				}
				return nil
			},
		}, conformance.FollowCases())
	})
}

func examine(t *testing.T, s conformance.Subject, cases []conformance.Case) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.Provider, s.Host = "mysql", host.Options{Executable: executable, BuiltIn: []string{"mysql"}, CacheDir: t.TempDir()}
	e, err := conformance.Examine(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range cases {
		if err := c.Run(t.Context(), e); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}
