using Fleet.Core.Lanes;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Transport;

public sealed class RabbitMqSettingsTests
{
    [Theory]
    [InlineData("amqp://u:p%40@broker:5673/prod", "broker", 5673, "prod", "u", "p@", false)]
    [InlineData("amqp://broker", "broker", 5672, "/", "guest", "guest", false)]
    [InlineData("amqps://u:p@broker/%2F", "broker", 5671, "/", "u", "p", true)]
    public void TryParse_AmqpUri_TakesItApart(
        string uri, string host, int port, string virtualHost, string user, string password, bool usesTls)
    {
        var settings = RabbitMqSettings.TryParse(uri, TimeSpan.FromSeconds(30))!;

        Assert.Equal((host, port, virtualHost), (settings.Host, settings.Port, settings.VirtualHost));
        Assert.Equal((user, password, usesTls), (settings.User, settings.Password, settings.UsesTls));
    }

    [Fact]
    public void AddFleet_NoUri_NamesItsSettingAndTheVariable() => Assert.Equal(
        "Fleet:Transport:Uri is missing; it is the address of the broker: amqp://user:password@host:port/vhost, or amqps "
            + "(as an environment variable: Fleet__Transport__Uri).",
        AddedFleet.Refuse([new("Fleet:Transport:Provider", "RabbitMq")]));

    [Fact]
    public async Task Listen_NobodyAnswers_NamesTheAddressAndItsSetting()
    {
        var (log, time) = (new LogRecorder(), new FakeTimeProvider());
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging().AddSingleton<ILoggerProvider>(log).AddSingleton<TimeProvider>(time);
        builder.AddFleet(fleet => fleet.UseRabbitMq("amqp://u:secret@127.0.0.1:1"));
        await using var services = builder.Services.BuildServiceProvider();

        var listening = services.GetRequiredService<IControlChannel>().SubscribeControlAsync((_, _) => Task.CompletedTask, default);
        await time.AdvanceUntilAsync(() => listening.IsCompleted);

        var told = Assert.Single(log.Warnings("does not answer yet"));
        Assert.StartsWith("The broker at 127.0.0.1:1 does not answer yet; Fleet listens to 'control'", told, StringComparison.Ordinal);
        Assert.Contains("Fleet:Transport:Uri (as an environment variable: Fleet__Transport__Uri)", told, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", told, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Uri", "http://u:secret@broker")]
    [InlineData("Uri", "broker:5672")]
    [InlineData("Uri", "amqp://broker/a/b")]
    [InlineData("ManagementUri", "amqp://u:secret@broker")]
    [InlineData("Provider", "Rabbit")]
    public void AddFleet_BadSetting_NamesSettingValueAndWhatIsAllowed(string setting, string? value)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Fleet:Transport:Provider"] = "RabbitMq",
            ["Fleet:Transport:Uri"] = "amqp://broker",
            ["Fleet:Transport:" + setting] = value,
        };

        var error = AddedFleet.Refuse(settings);

        Assert.StartsWith($"Fleet:Transport:{setting}: '", error, StringComparison.Ordinal);
        Assert.Contains("allowed is", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }
}
