// What a gate does with its sockets. They outlive the object that the runtime puts to sleep meanwhile.

const MOST_SOCKETS = 8;

/** Accepts a socket for news of a license, and sends what is news already; none if the activation has too many. */
export function accept(state, license, activation, first) {
  if (state.getWebSockets(activation).length >= MOST_SOCKETS) return undefined;
  const [outside, inside] = Object.values(new WebSocketPair());
  state.acceptWebSocket(inside, [license, activation]);
  if (first) inside.send(first);
  return new Response(null, { status: 101, webSocket: outside });
}

/** Sends news to each socket of a license or an activation, and returns how many they are. */
export function tell(state, tag, news) {
  const sockets = state.getWebSockets(tag);
  for (const socket of sockets) {
    try {
      socket.send(news);
    } catch {
      // It is closing: whoever holds the other end comes back and asks.
    }
  }
  return sockets.length;
}
