// What happens, as the server sends it. The browser connects again by itself, unless the server refuses it.

const TYPES = ["happening", "skipped", "stacks", "aws", "load"];
const AGAIN = 2000; // milliseconds between attempts after the server refused or was gone

/** `on` has a function for each type of message; `lost` is called when the connection breaks, `back` when it stands. */
export const listen = (on, lost, back) => {
  let source;
  const connect = () => {
    source = new EventSource("/api/stream");
    for (const type of TYPES) source.addEventListener(type, (event) => on[type]?.(JSON.parse(event.data)));
    source.onopen = back;
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN);
      lost();
    };
  };
  connect();
  // A page that is kept for "back" holds no connection.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && connect());
};
