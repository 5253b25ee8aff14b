"""Produces what it reads: a JSON line per record on standard input, a JSON line per written record on standard output.

Argument, one JSON object: brokers, registryUrl or null, codec. A record has topic, and may have partition, key (text),
headers (pairs) and one of base64 (raw bytes) or avro with schema (its text). Neither: a tombstone.
"""
import base64
import json
import sys

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

ask = json.loads(sys.argv[1])
registry = SchemaRegistryClient({"url": ask["registryUrl"]}) if ask["registryUrl"] else None
serializers = {}
failed = []


def bytes_of(record):
    if "base64" in record:
        return base64.b64decode(record["base64"])
    if "avro" not in record:
        return None
    schema = record["schema"]
    if schema not in serializers:
        serializers[schema] = AvroSerializer(registry, schema)
    return serializers[schema](record["avro"], SerializationContext(record["topic"], MessageField.VALUE))


def written(error, message):
    if error is not None:
        failed.append(str(error))
        return
    row = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
    print(json.dumps(row))


producer = Producer(
    {
        "bootstrap.servers": ",".join(ask["brokers"]),
        "compression.type": ask["codec"],
        "enable.idempotence": True,
        # All of a call in one batch, so that the codec has something to do.
        "linger.ms": 100,
    }
)
for text in sys.stdin:
    record = json.loads(text)
    place = {"partition": record["partition"]} if "partition" in record else {}
    headers = [(name, value.encode()) for name, value in record.get("headers", [])]
    producer.produce(
        record["topic"],
        key=record.get("key"),
        value=bytes_of(record),
        headers=headers,
        on_delivery=written,
        **place,
    )
    producer.poll(0)
producer.flush(30)
if failed:
    raise SystemExit(failed[0])
