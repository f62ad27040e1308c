package delivery

import "iter"

// Numbers are the record numbers of a batch's rows, counted from 1 within their source.
type Numbers struct {
	First int64
	// List is set where the rows don't follow each other; then it has one number a row and First is not used.
	List []int64
}

// NumbersOf are the numbers of rows at the given places after the first; nil means that none is missing.
func NumbersOf(first int64, places []int32) Numbers {
	if places == nil {
		return Numbers{First: first}
	}
	list := make([]int64, len(places))
	for i, place := range places {
		list[i] = first + int64(place)
	}
	return Numbers{List: list}
}

// At is the number of a row of the batch.
func (n Numbers) At(row int) int64 {
	if n.List != nil {
		return n.List[row]
	}
	return n.First + int64(row)
}

// run is a range of rows whose numbers follow each other.
type run struct{ from, to, number int64 }

// runs cuts n rows where a number is missing, and into pieces of at most size rows; 0 means any size.
func (n Numbers) runs(rows, size int64) iter.Seq[run] {
	return func(yield func(run) bool) {
		for from := int64(0); from < rows; {
			to := from + 1
			for to < rows && (size <= 0 || to-from < size) && n.At(int(to)) == n.At(int(to-1))+1 {
				to++
			}
			if !yield(run{from: from, to: to, number: n.At(int(from))}) {
				return
			}
			from = to
		}
	}
}
