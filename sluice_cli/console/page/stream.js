// What happens, as the server sends it. The browser connects again by itself, unless the server refuses it.

const TYPES = ["happening", "skipped", "stacks", "aws", "load"];
const AGAIN = 2000; // milliseconds between attempts after the server refused or was gone
// Milliseconds until a hidden tab disconnects: browsers hold six connections to a server, for all their tabs together.
const HIDDEN = 20_000;

/** `on` has a function for each type of message; `lost` is called when the connection breaks, `back` when it stands. */
export const listen = (on, lost, back) => {
  let source = null;
  let timer = null;
  const connect = () => {
    clearTimeout(timer);
    source?.close();
    source = new EventSource("/api/stream");
    for (const type of TYPES) source.addEventListener(type, (event) => on[type]?.(JSON.parse(event.data)));
    source.onopen = back;
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, AGAIN);
      lost();
    };
  };
  const disconnect = () => {
    clearTimeout(timer);
    source.close();
  };
  connect();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      timer = setTimeout(disconnect, HIDDEN);
    } else if (source.readyState === EventSource.CLOSED) connect();
    else clearTimeout(timer);
  });
  // A page that is kept for "back" holds no connection.
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", (event) => event.persisted && connect());
};
