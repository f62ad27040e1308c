package outputtest

// Disturbed is a recorder that does something, once, when a read has come so far.
type Disturbed struct {
	*Recorder
	From    int64  // rows
	Disturb func() // nil once it was done
}

// Progress implements sdk.Output.
func (d *Disturbed) Progress(rows, _ int64) {
	if d.Disturb != nil && rows >= d.From {
		disturb := d.Disturb
		d.Disturb = nil
		disturb()
	}
}
