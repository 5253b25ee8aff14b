"""Reads topics to their end and prints a JSON line per record, decoded by Confluent's own Avro deserializer.

Arguments as one JSON object: brokers, registryUrl or null, topics, isolation.
"""
import base64
import datetime
import decimal
import json
import struct
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

ask = json.loads(sys.argv[1])
epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def plain(value):
    """What JSON has no word for."""
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return (value - epoch) // datetime.timedelta(milliseconds=1)
    if isinstance(value, decimal.Decimal):
        return str(value)
    return str(value)


def text(value):
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return plain(value)


registry = SchemaRegistryClient({"url": ask["registryUrl"]}) if ask["registryUrl"] else None
deserialize = AvroDeserializer(registry) if registry else None


def line(message):
    value = message.value()
    row = {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": message.timestamp()[1],
        "key": text(message.key()),
        "headers": [[name, text(data)] for name, data in message.headers() or []],
        "schemaId": None,
        "value": None,
    }
    if value is None:
        return row
    if deserialize and len(value) >= 5 and value[0] == 0:
        row["schemaId"] = struct.unpack(">I", value[1:5])[0]
        row["value"] = deserialize(value, SerializationContext(message.topic(), MessageField.VALUE))
    else:
        row["value"] = {"base64": base64.b64encode(value).decode()}
    return row


consumer = Consumer(
    {
        "bootstrap.servers": ",".join(ask["brokers"]),
        "group.id": "foreign-reader",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": ask["isolation"],
        "auto.offset.reset": "earliest",
    }
)
left = set()
for topic in ask["topics"]:
    found = consumer.list_topics(topic, timeout=10).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    left |= {(topic, partition) for partition in found.partitions}
consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in left])
while left:
    message = consumer.poll(10)
    if message is None:
        raise SystemExit("no record and no end of partition in 10 s")
    if message.error() is None:
        print(json.dumps(line(message), default=plain))
    elif message.error().code() == KafkaError._PARTITION_EOF:
        left.discard((message.topic(), message.partition()))
    else:
        raise KafkaException(message.error())
consumer.close()
