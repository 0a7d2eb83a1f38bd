package proof

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// runLoadtest runs the command as people do, and returns its report.
func runLoadtest(t *testing.T, args ...string) map[string]any {
	t.Helper()
	args = append([]string{"loadtest", "--json", "--clients", "8", "--duration", "1s"}, args...)
	command := exec.CommandContext(t.Context(), binary, args...)
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, stderr.String(), out)
	}
	var report map[string]any
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	if !strings.Contains(stderr.String(), "limits") {
		t.Errorf("%v does not say that it raised the posting limits", args)
	}
	return report
}

func TestLoadtestCommand(t *testing.T) {
	for _, mix := range []Mix{MixPost, MixReplyDelete, MixReact, MixMove, MixAll} {
		t.Run(string(mix), func(t *testing.T) {
			if testing.Short() && mix != MixPost {
				t.Skip("one mix is enough for a short test")
			}
			report := runLoadtest(t, "--mix", string(mix), "--threads", "2")
			if report["differences"] != 0.0 || report["requests_per_s"].(float64) <= 0 {
				t.Errorf("differences %v, requests_per_s %v", report["differences"], report["requests_per_s"])
			}
			perSecond := report["stored"].(float64) / report["seconds"].(float64)
			if got := report["posts_per_s"]; got != perSecond {
				t.Errorf("posts_per_s is %v, want rows stored by time: %v", got, perSecond)
			}
			if mix == MixPost && (perSecond == 0 || report["ratio"].(float64) <= 0 || report["cpu_ms_per_post"].(float64) <= 0) {
				t.Errorf("posts_per_s %v, ratio %v, cpu_ms_per_post %v: want figures", perSecond, report["ratio"], report["cpu_ms_per_post"])
			}
		})
	}
}

// On PostgreSQL it is compared with pgbench.
func TestLoadtestCommandOnPostgreSQL(t *testing.T) {
	report := runLoadtest(t, "--threads", "2", "--database", newProgram(t, onPostgreSQL).Database)
	baseline, _ := report["baseline"].(map[string]any)["posts_per_s"].(float64)
	perSecond, _ := report["posts_per_s"].(float64)
	if report["differences"] != 0.0 || perSecond == 0 || baseline == 0 || report["ratio"] != perSecond/baseline {
		t.Errorf("differences %v, %v posts/s where pgbench does %v, ratio %v", report["differences"], perSecond, baseline, report["ratio"])
	}
}

func TestLoadtestCommandReads(t *testing.T) {
	if testing.Short() {
		t.Skip("it fills a large database")
	}
	for _, mix := range []Mix{MixRead, MixReadFresh} {
		t.Run(string(mix), func(t *testing.T) {
			report := runLoadtest(t, "--mix", string(mix))
			pages, found := report["page_baseline"].(map[string]any)
			if !found || report["requests_per_s"].(float64) <= 0 || pages["requests_per_s"].(float64) <= 0 {
				t.Errorf("requests_per_s %v beside %v: want figures", report["requests_per_s"], pages)
			}
			if errors := report["errors"].(map[string]any); len(errors) > 0 {
				t.Errorf("errors: %v", errors)
			}
		})
	}
}

// What fill makes has exact numbers, like everything else.
func TestLoadtestFill(t *testing.T) {
	program := newProgram(t, onSQLite)
	const posts = 5_000
	for range 2 {
		if _, err := program.Run(t.Context(), "", "loadtest", "fill", "--posts", strconv.Itoa(posts)); err != nil {
			t.Fatal(err)
		}
	}
	recount, err := program.Verify(t.Context())
	if err != nil || len(recount.Differences) > 0 {
		t.Errorf("verify: %v, %s", err, recount.Differences)
	}
	server := serve(t, program)
	visitor := Dial(server.Address, "")
	defer visitor.Close()
	var about struct{ Counts struct{ Threads, Posts int } }
	if err := visitor.call("GET", "/api/v1/about", "", nil, &about); err != nil {
		t.Fatal(err)
	}
	if about.Counts.Posts != 2*posts || about.Counts.Threads != 2*posts/postsOfAThread {
		t.Errorf("%d posts in %d threads, want %d in %d", about.Counts.Posts, about.Counts.Threads, 2*posts, 2*posts/postsOfAThread)
	}
}

// A wrong command line is refused, and leaves nothing behind.
func TestLoadtestRefuses(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	for _, args := range [][]string{
		{"--clients", "0"}, {"--threads", "0"}, {"--duration", "0s"}, {"--duration", "2h"}, {"--body", "1"}, {"--mix", "nothing"},
		{"fill", "--posts", "0", "--data", folder}, {"fill", "--posts", "10", "--threads", "11", "--data", folder},
	} {
		if out, err := exec.CommandContext(t.Context(), binary, append([]string{"loadtest"}, args...)...).CombinedOutput(); err == nil {
			t.Errorf("%v was accepted:\n%s", args, out)
		}
	}
	if found, _ := filepath.Glob(folder); len(found) > 0 {
		t.Errorf("a refused command made %s", found)
	}
}
