// The thumbs in an application of Vue 3. The page says server, key and trace.
import { createApp, h, ref } from "vue";
import "@sightline/sdk/widget";

const { server, key } = document.body.dataset;
createApp({
  setup() {
    const [trace, shown, heard] = [ref(""), ref(true), ref([])];
    const thumbs = () => ({
      server, trace: trace.value, "public-key": key, comment: true,
      onSightlineFeedback: (event) => heard.value.push(event.detail.value),
    });
    return () =>
      h("main", [
        h("button", { id: "ask", onClick: () => (trace.value = document.body.dataset.trace) }, "Ask"),
        h("button", { id: "toggle", onClick: () => (shown.value = !shown.value) }, "Show or hide"),
        shown.value ? h("sightline-feedback", thumbs()) : undefined,
        h("output", JSON.stringify(heard.value)),
      ]);
  },
}).mount("#root");
