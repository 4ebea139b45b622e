// The address says which span is selected; after the inspector changed, the tree follows it.
import { TraceTree } from "./waterfall";

export function followSelection(): void {
  document.addEventListener("htmx:pushedIntoHistory", () => {
    const tree = document.querySelector("trace-tree");
    if (tree instanceof TraceTree) tree.mark();
  });
}
