using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;

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

    [Theory]
    [InlineData("Uri", "http://u:secret@broker")]
    [InlineData("Uri", "broker:5672")]
    [InlineData("Uri", "amqp://broker/a/b")]
    [InlineData("Uri", null)]
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
