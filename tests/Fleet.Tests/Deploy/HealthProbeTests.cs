using Fleet.Hosting.Health;

namespace Fleet.Tests.Deploy;

public sealed class HealthProbeTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8710", "http://127.0.0.1:8710/")]
    [InlineData("http://0.0.0.0:8710", "http://127.0.0.1:8710/")]
    [InlineData("http://+:82;http://127.0.0.1:81", "http://127.0.0.1:82/")]
    [InlineData("http://[::]:8710", "http://127.0.0.1:8710/")]
    [InlineData("http://[::1]:8710", "http://[::1]:8710/")]
    [InlineData("http://localhost:8710", "http://localhost:8710/")]
    public void AddressOf_WhereItListens_IsReachedFromTheSameMachine(string urls, string address) =>
        Assert.Equal(address, HealthProbe.AddressOf(urls)?.ToString());

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("https://127.0.0.1:8710")]
    [InlineData("http://unix:/tmp/fleet.sock")]
    [InlineData("8710")]
    [InlineData("")]
    public void AddressOf_NothingToAsk_IsNull(string urls) => Assert.Null(HealthProbe.AddressOf(urls));
}
