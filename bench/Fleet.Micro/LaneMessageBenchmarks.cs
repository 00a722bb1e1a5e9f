using System.Text;
using BenchmarkDotNet.Attributes;
using Fleet.Core.Lanes;
using Fleet.Transport.RabbitMq;
using RabbitMQ.Client;

namespace Fleet.Micro;

/// <summary>Writing and reading what goes over the broker.</summary>
public class LaneMessageBenchmarks
{
    private static readonly BasicProperties Properties = LaneMessage.Properties();

    private static readonly byte[] Submit = Encoding.UTF8.GetBytes(
        $$"""{"job":"report.daily","args":{"day":"2026-11-26","padding":"{{new string('x', 160)}}"},"tags":["nightly"]}""");

    private readonly RunId[] _ids = [.. Enumerable.Range(0, NudgePublisher.MaxIds).Select(_ => RunId.New(TimeProvider.System.GetUtcNow()))];
    private byte[] _nudge = [];

    private NudgeMessage Nudge => new() { Fleet = "0af7651916cd43dd8448eb211c80319c", Ids = _ids };

    [GlobalSetup]
    public void SetUp() => _nudge = LaneMessage.Write(Nudge);

    [Benchmark]
    public int WriteNudge() => LaneMessage.Write(Nudge).Length;

    [Benchmark]
    public int ReadNudge() => LaneMessage.Read("default", _nudge, Properties).Nudge!.Ids.Count;

    [Benchmark]
    public string ReadSubmit() => LaneMessage.Read("default", Submit, Properties).Run!.Job;
}
