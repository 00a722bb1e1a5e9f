using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fleet.Transport.RabbitMq;

/// <summary>Certificate authorities of one's own: only a broker whose certificate one of them has signed, for the name it is called by, is
/// talked to. Without this, the machine's authorities decide.</summary>
public sealed class BrokerTrust
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    private readonly X509Certificate2Collection _authorities;

    private BrokerTrust(X509Certificate2Collection authorities) => _authorities = authorities;

    /// <summary>Reads a file of certificates in PEM.</summary>
    /// <exception cref="InvalidDataException">It cannot be read, or holds no certificate; says which.</exception>
    public static BrokerTrust Read(string file)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"it cannot be read: {e.Message}", e);
        }

        return authorities.Count > 0 ? new BrokerTrust(authorities) : throw new InvalidDataException("it holds no certificate in PEM.");
    }

    /// <summary>Decides about the certificate that a server shows.</summary>
    internal bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? shown, SslPolicyErrors errors)
    {
        // A wrong name is not made right by the right authority.
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(ServerAuthentication);
        // What the server sent along: the certificates between its own and the authority's.
        foreach (var between in shown?.ChainPolicy.ExtraStore ?? [])
            chain.ChainPolicy.ExtraStore.Add(between);
        foreach (var element in shown?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        using var own = certificate as X509Certificate2 is null
            ? X509CertificateLoader.LoadCertificate(certificate.GetRawCertData())
            : null;
        return chain.Build(own ?? (X509Certificate2)certificate);
    }
}
