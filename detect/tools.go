package detect

type tools struct{}

func (t *tools) isTool(s string) bool { return false }
func toolOf(s string) string          { return "" }
