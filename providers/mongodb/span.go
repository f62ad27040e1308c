package mongodb

import (
	"bytes"
	"context"
	"errors"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// span is a range of _id: from and below to, each of them unlimited where it is not set.
type span struct {
	from, to bson.RawValue
	// ordered spans are read by _id, and can be read on from any of them: all ids are of one kind.
	ordered bool
}

func (s span) filter(after bson.RawValue) bson.D {
	var bounds bson.D
	switch {
	case after.Type != 0:
		bounds = append(bounds, bson.E{Key: "$gt", Value: after})
	case s.from.Type != 0:
		bounds = append(bounds, bson.E{Key: "$gte", Value: s.from})
	}
	if s.to.Type != 0 {
		bounds = append(bounds, bson.E{Key: "$lt", Value: s.to})
	}
	if bounds == nil {
		return bson.D{}
	}
	return bson.D{{Key: idField, Value: bounds}}
}

// splitFrom is how many documents justify a second range.
const splitFrom = 20_000

// spans divides the collection by _id. Comparisons of MongoDB see only values of the same kind: where the ids have
// several, there is one range.
func (c *collection) spans(ctx context.Context, count int64) ([]span, error) {
	least, err := c.end(ctx, 1)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return []span{{}}, nil
	}
	if err != nil {
		return nil, err
	}
	most, err := c.end(ctx, -1)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return nil, err
	}
	if bracket(least) == 0 || bracket(least) != bracket(most) {
		return []span{{}}, nil
	}
	if count < splitFrom || c.parallelism == 1 {
		return []span{{ordered: true}}, nil
	}
	cuts, err := c.cuts(ctx, spansFor(count, c.parallelism))
	if err != nil {
		return nil, err
	}
	return between(cuts), nil
}

// spansFor gives each reader several ranges, so that none of them has nothing to do for long at the end.
func spansFor(count int64, parallelism int) int {
	return int(min(int64(parallelism)*4, count/(splitFrom/2)))
}

// end is the first _id in an order.
func (c *collection) end(ctx context.Context, order int) (bson.RawValue, error) {
	opts := options.FindOne().SetSort(bson.D{{Key: idField, Value: order}}).SetProjection(bson.D{{Key: idField, Value: 1}})
	raw, err := c.FindOne(ctx, bson.D{}, opts).Raw()
	if err != nil {
		return bson.RawValue{}, err
	}
	return raw.Lookup(idField), nil
}

// bracket is the kind of values that a comparison with this one sees; 0 where that is not what the order sees.
func bracket(v bson.RawValue) byte {
	switch v.Type {
	case bson.TypeInt32, bson.TypeInt64, bson.TypeDecimal128:
		return 'n'
	case bson.TypeDouble:
		if math.IsNaN(v.Double()) { // NaN is the least number in order, and less than none in comparison
			return 0
		}
		return 'n'
	case bson.TypeString, bson.TypeSymbol:
		return 's'
	case bson.TypeObjectID:
		return 'o'
	case bson.TypeDateTime:
		return 'd'
	case bson.TypeBinary:
		return 'b'
	case bson.TypeEmbeddedDocument:
		return 'e'
	}
	return 0
}

// cuts are ids that divide the collection into about n equal parts, in order.
func (c *collection) cuts(ctx context.Context, n int) ([]bson.RawValue, error) {
	const oversampling = 20
	pipeline := bson.A{
		bson.D{{Key: "$sample", Value: bson.D{{Key: "size", Value: n * oversampling}}}},
		bson.D{{Key: "$project", Value: bson.D{{Key: idField, Value: 1}}}},
		bson.D{{Key: "$sort", Value: bson.D{{Key: idField, Value: 1}}}},
	}
	cursor, err := c.Aggregate(ctx, pipeline)
	if err != nil {
		return nil, err
	}
	var sampled []bson.Raw
	if err := cursor.All(ctx, &sampled); err != nil {
		return nil, err
	}
	var cuts []bson.RawValue
	for i := 1; i < n && i*len(sampled)/n > 0; i++ {
		id := sampled[i*len(sampled)/n].Lookup(idField)
		if len(cuts) == 0 || !bytes.Equal(cuts[len(cuts)-1].Value, id.Value) {
			cuts = append(cuts, id)
		}
	}
	return cuts, nil
}

func between(cuts []bson.RawValue) []span {
	spans := make([]span, 0, len(cuts)+1)
	var from bson.RawValue
	for _, cut := range cuts {
		spans = append(spans, span{from: from, to: cut, ordered: true})
		from = cut
	}
	return append(spans, span{from: from, ordered: true})
}
