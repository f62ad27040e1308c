import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.BsonTimestamp;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * mongo-java-server as a stand-in for a replica set of MongoDB 6.0, in memory.
 *
 * What mongod has and this has not: transactions, sessions, snapshot reads, users, TLS, cluster-wide watch, post-images,
 * events of rename, the error for lost history. What is added here, as MongoDB documents it: operationTime in replies,
 * the order of writes in the oplog, and in events of a change stream documentKey, updateDescription and ns. fullDocument is
 * always looked up, and $sample takes all documents.
 */
class Main {
    public static void main(String[] args) {
        Backend backend = new Backend();
        backend.version(new Version());
        MongoServer server = new MongoServer(backend);
        server.enableOplog();
        server.bind("127.0.0.1", Integer.parseInt(args[0]));
    }

    /** The library's own newest wire version is below what drivers take today. */
    static class Version implements MongoVersion {
        public List<Integer> getVersionArray() { return List.of(6, 0, 0); }
        public int getWireVersion() { return 17; }
    }

    static class Backend extends MemoryBackend {
        private final Map<BsonTimestamp, Document> written = new HashMap<>();
        private BsonTimestamp latest = new BsonTimestamp(1L << 32);

        /** One message at a time, so that the oplog has writes in the order in which they became visible. */
        @Override
        public synchronized Document handleMessage(MongoMessage message) {
            if (message.getDocument().get("pipeline") instanceof List<?> pipeline && !pipeline.isEmpty()) {
                mend((Document) pipeline.get(0));
            }
            Document reply = super.handleMessage(message);
            readOplog();
            if (reply.get("cursor") instanceof Document cursor && cursor.get("id") instanceof Long id && id != 0) {
                complete(cursor, "firstBatch");
                complete(cursor, "nextBatch");
            }
            reply.put("operationTime", latest);
            return reply;
        }

        /** Takes out what the library can't do: $sample sorts by numbers drawn anew, a lookup fails once its collection is gone. */
        private void mend(Document stage) {
            if (stage.remove("$sample") != null) {
                stage.put("$match", new Document());
            }
            if (stage.get("$changeStream") instanceof Document stream) {
                stream.remove("fullDocument");
            }
        }

        /** Takes note of what was written since the last time. */
        private void readOplog() {
            MongoCollection<?> oplog = resolveDatabase("local").resolveCollection("oplog.rs", false);
            oplog.queryAllAsStream().skip(written.size()).forEach(entry -> {
                latest = (BsonTimestamp) entry.get("ts");
                written.put(latest, entry);
            });
        }

        @SuppressWarnings("unchecked")
        private void complete(Document cursor, String batch) {
            if (!(cursor.get(batch) instanceof List<?> events)) {
                return;
            }
            List<Document> kept = new ArrayList<>();
            Object token = null;
            for (Document event : (List<Document>) events) {
                if (!(event.get("clusterTime") instanceof BsonTimestamp at) || !event.containsKey("operationType")) {
                    return; // an ordinary cursor
                }
                token = event.get("_id");
                complete(event, written.get(at), cursor.get("ns").toString(), kept);
            }
            cursor.put(batch, kept);
            if (token != null) {
                cursor.put("postBatchResumeToken", token);
            }
        }

        /** The library has the update where its key should be, half a document where there is none, and drops of others. */
        private void complete(Document event, Document entry, String watched, List<Document> kept) {
            String namespace = entry.get("ns").toString();
            Document written = (Document) entry.get("o");
            if (namespace.endsWith(".$cmd")) {
                namespace = namespace.replace("$cmd", written.get("drop").toString());
            }
            if (!namespace.equals(watched)) {
                return;
            }
            int dot = namespace.indexOf('.');
            event.put("ns", new Document("db", namespace.substring(0, dot)).append("coll", namespace.substring(dot + 1)));
            event.put("wallTime", entry.get("wall"));
            if ("update".equals(event.get("operationType"))) {
                update(event, written, ((Document) entry.get("o2")).get("_id"));
            }
            kept.add(event);
        }

        private Document lookUp(Document namespace, Object id) {
            MongoCollection<?> collection = resolveDatabase(namespace.get("db").toString()).resolveCollection(namespace.get("coll").toString(), false);
            return collection == null ? null
                : collection.queryAllAsStream().filter(document -> document.get("_id").equals(id)).findFirst().orElse(null);
        }

        private void update(Document event, Document written, Object id) {
            event.put("documentKey", new Document("_id", id));
            if (written.keySet().stream().noneMatch(name -> name.startsWith("$"))) {
                Document replacement = new Document("_id", id);
                written.forEach(replacement::put);
                event.put("operationType", "replace");
                event.put("fullDocument", replacement);
                return;
            }
            event.put("fullDocument", lookUp((Document) event.get("ns"), id));
            Document description = new Document("updatedFields", new Document()).append("removedFields", new ArrayList<>());
            description.append("truncatedArrays", new ArrayList<>());
            if (written.get("$set") instanceof Document set) {
                description.put("updatedFields", set);
            }
            if (written.get("$unset") instanceof Document unset) {
                description.put("removedFields", new ArrayList<>(unset.keySet()));
            }
            event.put("updateDescription", description);
        }
    }
}
