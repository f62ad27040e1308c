package planner

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/google/uuid"

	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema"
)

// proposed is the id for a lakehouse that has none yet, so that a plan can name what is created where a source is followed;
// whoever applies the plan gives it to the lakehouse. It is made of where the lakehouse is going to be: the machine, and the
// files there. It is the same in each plan before the first apply, and another one elsewhere, also where containers have the
// same paths. It is empty where no source is followed.
func proposed(p *config.Project) string {
	if !slices.ContainsFunc(p.Sources, func(s *config.Source) bool { return s.Mode == schema.Delta }) {
		return ""
	}
	place := []string{p.Lakehouse.CatalogPath, p.Lakehouse.Warehouse, inode(p.Dir)}
	if host, err := os.Hostname(); err == nil {
		place = append(place, host)
	}
	if machine, err := os.ReadFile("/etc/machine-id"); err == nil {
		place = append(place, string(machine))
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.Join(place, "\x00"))).String()
}

// inode is which folder of its file system a folder is; empty where that isn't to be had.
func inode(dir string) string {
	info, err := os.Stat(dir)
	if err != nil {
		return ""
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprint(stat.Dev, stat.Ino)
	}
	return ""
}
