package expr

func listFunctions() []Builtin {
	list := func(name, signature, doc, example string) Builtin {
		return scalar(groupList, name, signature, doc, example)
	}
	sum := list("list_sum", "(list list(N)) N", "The sum of the elements.", `list_sum(prices)`)
	sum.own = sumType
	return []Builtin{
		list("element", "(list list(T), index long) T", "The element at an index from 0, as list[index]; null where there is none.", `element(tags_list, 0)`),
		list("list_contains", "(list list(T), value T) boolean", "Whether the value is among the elements.", `list_contains(tags_list, "new")`),
		list("list_distinct", "(list list(O)) list(O)", "The different elements that are not null, in ascending order.", `list_distinct(tags_list)`),
		list("list_sort", "(list list(O)) list(O)", "The elements in ascending order, nulls last.", `list_sort(tags_list)`),
		list("list_reverse", "(list list(T)) list(T)", "The elements in reverse order.", `list_reverse(tags_list)`),
		list("list_concat", "(list list(T), other list(T)) list(T)", "The elements of both lists.", `list_concat(tags_list, ["all"])`),
		list("list_min", "(list list(O)) O", "The least element.", `list_min(prices)`),
		list("list_max", "(list list(O)) O", "The greatest element.", `list_max(prices)`),
		sum,
		list("flatten", "(list list(list(T))) list(T)", "The elements of the elements.", `flatten([tags_list, ["all"]])`),
		list("keys", "(map map(K, V)) list(K)", "The keys of a map.", `keys(labels)`),
		list("values", "(map map(K, V)) list(V)", "The values of a map.", `values(labels)`),
		list("get", "(map map(K, V), key K) V", "The value of a key, as map[key]; null where there is none.", `get(labels, "colour")`),
	}
}
