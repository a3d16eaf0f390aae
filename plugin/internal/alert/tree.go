package alert

// object is a record or a part of one: fields in the order in which they are written.
type object []field

// field has one of these values: string, int, float64, bool, []string, []int, object, []object.
type field struct {
	name  string
	value any
}

// known makes an object of the fields that have something to say: empty strings, lists and objects are left out.
func known(fields ...field) object {
	o := make(object, 0, len(fields))
	for _, f := range fields {
		if !empty(f.value) {
			o = append(o, f)
		}
	}
	return o
}

func empty(value any) bool {
	switch v := value.(type) {
	case string:
		return v == ""
	case []string:
		return len(v) == 0
	case []int:
		return len(v) == 0
	case object:
		return len(v) == 0
	case []object:
		return len(v) == 0
	}
	return false
}
