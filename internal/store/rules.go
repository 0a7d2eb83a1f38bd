package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"folkmoot/internal/forum"
)

// rulesSetting holds the rules as JSON: one row, read before some writes.
const rulesSetting = "rules"

// Rules returns what the community has set.
func (s *Store) Rules(ctx context.Context) (forum.Rules, error) {
	var text string
	err := s.read(ctx, Query{`SELECT value FROM settings WHERE key = $1`, []any{rulesSetting}, func(row Row) error { return scan(row, &text) }})
	if err != nil {
		return forum.Rules{}, fmt.Errorf("rules: %w", err)
	}
	return parseRules(text)
}

// parseRules reads rules as they are stored. What is not named there, by an earlier version, is
// as the standard has it.
func parseRules(text string) (forum.Rules, error) {
	rules := forum.StandardRules()
	if text == "" {
		return rules, nil
	}
	rules.Reactions = nil
	if err := json.Unmarshal([]byte(text), &rules); err != nil {
		return forum.Rules{}, fmt.Errorf("rules as stored: %w", err)
	}
	return rules, nil
}

// SetRules replaces what the community has set.
func (s *Store) SetRules(ctx context.Context, change forum.Change, rules forum.Rules) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		if err := t.unchanged(change, forum.RuleSettings, rulesSetting); err != nil {
			return forum.Receipt{}, err
		}
		return forum.Receipt{At: t.now}, t.setRules(change.Actor, rules)
	})
}

func (t *tx) setRules(by forum.UserID, rules forum.Rules) error {
	stored, err := t.setting(rulesSetting)
	if err != nil {
		return err
	}
	before, err := parseRules(stored)
	if err != nil {
		return err
	}
	text, err := json.Marshal(rules)
	if err != nil {
		return err
	}
	was, is := ruleTexts(before), ruleTexts(rules)
	for i := range was {
		if err := t.keepChange(by, 0, was[i].setting, was[i].value, is[i].value); err != nil {
			return err
		}
	}
	if err := t.set(rulesSetting, string(text)); err != nil {
		return err
	}
	return t.shown()
}

type ruleText struct{ setting, value string }

// ruleTexts writes each rule as the record of changes has it.
func ruleTexts(r forum.Rules) []ruleText {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []ruleText{{"sign_up", string(r.SignUp)}, {"reactions", strings.Join(r.Reactions, ", ")}, {"post_length", number(r.PostLength)},
		{"edit_hours", number(r.EditHours)}, {"posts", number(r.Posts)}, {"threads", number(r.Threads)}, {"sign_ups", number(r.SignUps)}}
}
