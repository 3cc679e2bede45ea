// How many objects a document may bring over all services: each of them counts only its own part.
import { GraphQLError, Kind } from 'graphql';

const MOST_OBJECTS = 50_000;
const LARGEST_PAGE = 100;
const USUAL_PAGE = 25;

/** A list brings as many as its page may hold, each with all that is below it: the services' own rule. */
export const objectLimit = {
  onValidate({ addValidationRule }) {
    addValidationRule(fewEnoughObjects);
  },
};

function fewEnoughObjects(context) {
  const fragments = new Map(); // each is counted once, however often it is spread
  const countFragment = (name) => {
    if (!fragments.has(name)) {
      fragments.set(name, 0); // one inside itself is refused by another rule; here it only must end
      fragments.set(name, countBelow(context.getFragment(name)?.selectionSet));
    }
    return fragments.get(name);
  };
  const countBelow = (selectionSet) => (selectionSet?.selections ?? []).reduce((sum, each) => sum + count(each), 0);
  const count = (selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return countFragment(selection.name.value);
    const inner = countBelow(selection.selectionSet);
    if (selection.kind !== Kind.FIELD || selection.name.value === 'edges') return inner;
    return selection.selectionSet ? pageOf(selection) * (1 + inner) : 0;
  };
  return {
    OperationDefinition(operation) {
      if (countBelow(operation.selectionSet) > MOST_OBJECTS)
        context.reportError(new GraphQLError(`The document is too large: at most ${MOST_OBJECTS} objects in its lists.`));
    },
  };
}

// What a variable says is not known here, so it counts as the largest page.
function pageOf({ arguments: given = [], selectionSet }) {
  const size = given.find(({ name }) => name.value === 'first' || name.value === 'last')?.value;
  if (size?.kind === Kind.INT) return Math.min(Math.max(1, Number(size.value)), LARGEST_PAGE);
  if (size) return LARGEST_PAGE;
  return selectionSet.selections.some((each) => each.name?.value === 'edges') ? USUAL_PAGE : 1;
}
