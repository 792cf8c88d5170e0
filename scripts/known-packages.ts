// Packages whose test keys and examples scripts/known-values.ts makes known: what is installed most, and what is known to ship keys.
// A name may carry a version.

const names = (text: string): readonly string[] => text.trim().split(/\s+/)

/** Debian: what plain images and common apps install, runtimes of languages, their sources and their tests. */
export const DEBIAN = names(`
  apache2 apache2-bin apt awscli base-files bash bind9 ca-certificates ca-certificates-java certbot cmake-data coreutils curl dirmngr dovecot-core dpkg erlang-public-key
  erlang-ssl exim4-base exim4-config freeradius freeradius-config gcc-12 gdb git gnupg gnutls-bin golang-1.19-src gpg gpg-agent gpgsm gpgv haproxy krb5-user libapt-pkg6.0 libc6
  libcrypt-ssleay-perl libcurl3-gnutls libcurl4 libgcrypt20 libgnutls30 libhttp-daemon-ssl-perl libio-socket-ssl-perl libmbedcrypto7 libmojolicious-perl libneon27
  libnet-ssleay-perl libnss3 libpython3.11-minimal libpython3.11-stdlib libpython3.11-testsuite libqt5network5 libssh-4 libssh2-1 libssl-dev libssl-doc libssl3 libsystemd0
  libwolfssl35 libxmlsec1-openssl llvm-14 mariadb-client mariadb-server mariadb-test mariadb-test-data mosquitto mosquitto-clients nginx nodejs npm openjdk-17-jdk-headless
  openjdk-17-jre-headless openssh-client openssh-server openssl openssl-provider-legacy openvpn passwd perl perl-base perl-modules-5.36 php8.2-cli php8.2-common postfix
  postgresql-15 puppet-agent python-cryptography-doc python3-asyncssh python3-boto3 python3-botocore python3-certbot python3-cryptography python3-django python3-jwt python3-m2crypto
  python3-minimal python3-oauthlib python3-openssl python3-paramiko python3-pip python3-pip-whl python3-pycryptodome python3-pymysql python3-requests python3-rsa
  python3-scapy python3-service-identity python3-setuptools python3-tornado python3-trustme python3-twisted python3-urllib3 python3-yubico python3.11 python3.11-minimal
  rabbitmq-server redis-server ruby3.1 ruby-net-ssh ruby-openssl ruby-rubygems samba-common-bin samba-testsuite socat squid ssl-cert strongswan stunnel4 sudo systemd tor
  trafficserver unbound vim-runtime wget wireguard-tools wpasupplicant xmlsec1 zabbix-agent zsh`)

/** PyPI: the most downloaded, and what speaks TLS, SSH, JOSE and OAuth. */
export const PYPI = names(`
  aiobotocore aiohttp alembic ansible ansible-core anthropic anyio apache-airflow asgiref asyncpg asyncssh authlib autobahn awscli azure-core azure-identity azure-keyvault-secrets
  azure-storage-blob bcrypt beautifulsoup4 boto boto3 botocore celery certifi cffi charset-normalizer cheroot cherrypy click coverage cryptography
  databricks-sql-connector django djangorestframework dnspython docker dulwich ecdsa elasticsearch eventlet fabric fastapi firebase-admin flask flask-jwt-extended
  fsspec gevent gitpython google-api-core google-api-python-client google-auth google-cloud-aiplatform google-cloud-bigquery google-cloud-storage google-genai grpcio grpcio-tools
  gunicorn h11 h2 httpcore httplib2 httpx huggingface-hub hypercorn ipython itsdangerous jinja2 josepy jupyter-server jupyterlab jwcrypto jwt kafka-python keyring kombu kubernetes
  langchain litellm lxml matplotlib mcp mitmproxy moto msal mysql-connector-python netmiko nltk notebook numpy oauthlib openai
  openstacksdk opentelemetry-sdk oscrypto pandas paramiko passlib pip pip-audit poetry-core protobuf psycopg psycopg2-binary pyarrow
  pycrypto pycryptodome pycryptodomex pydantic pyjwt pylint pymongo pymysql pynacl pyopenssl pypdf pysaml2 pyspnego pytest pytest-httpserver python-jose python-keycloak
  python-ldap python-magic python-nmap python-socketio pyvmomi pywinrm redis requests requests-aws4auth requests-mock requests-oauthlib requests-toolbelt rsa s3fs s3transfer scapy scikit-learn
  scipy scp selenium sentry-sdk service-identity setuptools simple-salesforce slack-sdk snowflake-connector-python social-auth-core sphinx sqlalchemy starlette streamlit stripe
  tensorflow-cpu textual thrift torchvision tornado transformers trustme twilio twine twisted txaio urllib3 uvicorn virtualenv volatility3 websocket-client websockets
  werkzeug wheel wsproto zeep zope.interface`)

/** npm: the most downloaded, whole apps, and what speaks TLS, SSH, JOSE and OAuth. */
export const NPM = names(`
  @angular/core @aws-sdk/client-s3 @azure/identity @azure/msal-node @azure/storage-blob @babel/core @elastic/elasticsearch @google-cloud/storage @grpc/grpc-js @nestjs/core
  @octokit/app @okta/jwt-verifier @peculiar/x509 @sendgrid/mail @slack/web-api acme-client acorn agent-base ajv amqplib apn asn1.js asn1js aws-sdk axios browserify-sign caniuse-lite
  cassandra-driver chalk commander connect-mongo cookie corepack create-ecdh crypto-browserify crypto-js debug@2.6.9 docker-modem dockerode dotenv
  electron-to-chromium elliptic eslint etcd3 express fastify firebase firebase-admin follow-redirects ghost google-auth-library googleapis got grpc hapi hawk http-proxy http-signature
  http2-wrapper https-proxy-agent httpolyglot ioredis jose jsonwebtoken jsrsasign jwa jwks-rsa jws kafkajs koa ldapjs lodash mailparser mocha monaco-editor mongodb mongodb@3 mongoose
  mqtt mssql mysql mysql2 nats newman next nock node-forge node-gyp node-jose node-red node-rsa node-sass nodemailer
  nodemailer-shared npm@8 npm@9 npm@10 npm@11 oauth oauth2-server oidc-provider openai openpgp parse-asn1 parse-server passport passport-saml pem pg pg-connection-string pkijs pm2
  pnpm prettier prisma public-encrypt puppeteer-core pusher react react-dom redis request restify rsa-pem-from-mod-exp saml2-js samlify
  sequelize serve smtp-server snyk socket.io sockjs spdy ssh2 ssh2-sftp-client ssh2-streams sshpk stripe strapi superagent supertest swagger-ui-dist tedious tls
  tough-cookie twilio typeorm typescript undici uglify-js ursa verdaccio vite vm2 vue web-push web3 webpack webpack-dev-server wrangler ws x509 xml-crypto xml-encryption yarn zod`)

/** Maven Central: servers, clients and whatever brings keys for TLS and JOSE; the newest of each, or the version behind a second colon. */
export const MAVEN = names(`
  ch.qos.logback:logback-core com.amazonaws:aws-java-sdk-core com.auth0:java-jwt com.azure:azure-identity com.couchbase.client:java-client com.datastax.oss:java-driver-core
  com.fasterxml.jackson.core:jackson-databind com.github.docker-java:docker-java-core com.github.mwiede:jsch com.github.tomakehurst:wiremock com.google.api-client:google-api-client
  com.google.auth:google-auth-library-oauth2-http com.google.cloud:google-cloud-storage com.google.crypto.tink:tink com.google.guava:guava com.google.http-client:google-http-client
  com.google.oauth-client:google-oauth-client com.h2database:h2 com.hazelcast:hazelcast com.hierynomus:sshj com.jcraft:jsch com.microsoft.azure:msal4j com.microsoft.sqlserver:mssql-jdbc
  com.mysql:mysql-connector-j com.nimbusds:nimbus-jose-jwt com.nimbusds:oauth2-oidc-sdk com.oracle.database.jdbc:ojdbc11 com.rabbitmq:amqp-client com.squareup.okhttp3:mockwebserver
  com.squareup.okhttp3:okhttp com.squareup.okhttp3:okhttp-tls com.sun.mail:jakarta.mail com.typesafe.akka:akka-remote_2.13 com.unboundid:unboundid-ldapsdk io.fabric8:kubernetes-client
  io.fabric8:kubernetes-server-mock io.grpc:grpc-netty-shaded io.grpc:grpc-testing io.jsonwebtoken:jjwt-impl io.kubernetes:client-java io.lettuce:lettuce-core io.micronaut:micronaut-http-netty
  io.minio:minio io.netty:netty-all io.netty:netty-handler io.netty:netty-handler:4.1.100.Final io.netty:netty-handler:4.1.50.Final io.netty:netty-testsuite io.quarkus:quarkus-core
  io.swagger:swagger-codegen-cli io.undertow:undertow-core io.vertx:vertx-core io.zipkin:zipkin-server mysql:mysql-connector-java org.apache.activemq:activemq-client org.apache.activemq:activemq-web-console
  org.apache.camel:camel-core org.apache.cassandra:cassandra-all org.apache.cxf:cxf-rt-rs-security-jose org.apache.cxf:cxf-rt-rs-security-sso-saml org.apache.directory.server:apacheds-all org.apache.hadoop:hadoop-common
  org.apache.hadoop:hadoop-client-runtime org.apache.hbase:hbase-common org.apache.hive:hive-exec org.apache.httpcomponents:httpclient org.apache.kafka:kafka-clients org.apache.kafka:kafka_2.13
  org.apache.logging.log4j:log4j-core org.apache.lucene:lucene-core org.apache.maven:maven-core org.apache.mina:mina-core org.apache.nifi:nifi-framework-core org.apache.pulsar:pulsar-client
  org.apache.santuario:xmlsec org.apache.shiro:shiro-core org.apache.shiro:shiro-core:1.2.4 org.apache.solr:solr-core org.apache.spark:spark-core_2.13 org.apache.sshd:sshd-core
  org.apache.sshd:sshd-common org.apache.tomcat.embed:tomcat-embed-core org.apache.wss4j:wss4j-ws-security-common org.apache.zookeeper:zookeeper org.asynchttpclient:async-http-client org.bitbucket.b_c:jose4j
  org.bouncycastle:bcpg-jdk18on org.bouncycastle:bcpkix-jdk18on org.bouncycastle:bcprov-jdk15on org.bouncycastle:bcprov-jdk18on org.bouncycastle:bctls-jdk18on org.eclipse.jetty:jetty-server
  org.eclipse.jetty:jetty-util org.eclipse.jgit:org.eclipse.jgit org.eclipse.paho:org.eclipse.paho.client.mqttv3 org.elasticsearch:elasticsearch org.flywaydb:flyway-core org.glassfish.jersey.core:jersey-server
  org.hibernate.orm:hibernate-core org.jenkins-ci.main:jenkins-core org.jruby:jruby-complete org.keycloak:keycloak-core org.keycloak:keycloak-services org.keycloak:keycloak-testsuite-utils org.kohsuke:github-api org.littleshoot:littleproxy
  org.mariadb.jdbc:mariadb-java-client org.mitre.dsmiley.httpproxy:smiley-http-proxy-servlet org.mock-server:mockserver-core org.mock-server:mockserver-netty org.mongodb:mongodb-driver-core org.neo4j.driver:neo4j-java-driver
  org.opensaml:opensaml-core org.opensearch:opensearch org.pac4j:pac4j-core org.postgresql:postgresql org.python:jython-standalone org.redisson:redisson org.scala-sbt:launcher
  org.seleniumhq.selenium:selenium-java org.sonarsource.java:sonar-java-plugin org.springframework.boot:spring-boot org.springframework.boot:spring-boot-autoconfigure org.springframework.security:spring-security-core
  org.springframework.security:spring-security-oauth2-client org.springframework.security:spring-security-oauth2-jose org.springframework.security:spring-security-saml2-service-provider org.testcontainers:testcontainers org.wildfly.core:wildfly-server org.wildfly.security:wildfly-elytron
  org.wiremock:wiremock org.wso2.carbon:org.wso2.carbon.core org.xerial:sqlite-jdbc`)

/** crates.io: what speaks TLS, SSH, JOSE and OAuth; what they depend on comes with them. */
export const CRATES = names(`
  actix-web age async-nats aws-config aws-sdk-s3 axum-server azure_identity biscuit boring boringtun bollard clickhouse
  deno_tls ed25519-dalek elliptic-curve git2 google-cloud-auth hickory-resolver hyper hyper-rustls hyper-tls jsonwebtoken k256 kube lapin ldap3 lettre libp2p
  mongodb mysql_async native-tls oauth2 octocrab openidconnect openssl p256 pgp picky pkcs1 pkcs8 postgres quinn rcgen redis reqwest ring rocket rsa
  russh rustls rustls-pemfile rustls-webpki s2n-tls schannel sec1 sequoia-openpgp snow sqlx ssh-key ssh2 tiberius tokio tokio-postgres tokio-rustls tonic
  trust-dns-resolver tungstenite ureq warp webpki webrtc-dtls wiremock x509-cert x509-parser yup-oauth2`)

/** The Go module proxy: clients, servers and whatever brings keys for its tests; the newest of each, or the version behind @. */
export const GO = names(`
  cloud.google.com/go cloud.google.com/go/storage filippo.io/age github.com/Azure/azure-sdk-for-go/sdk/azidentity github.com/Azure/go-autorest/autorest/adal github.com/AzureAD/microsoft-authentication-library-for-go
  github.com/ClickHouse/clickhouse-go/v2 github.com/IBM/sarama github.com/Masterminds/sprig/v3 github.com/ProtonMail/go-crypto github.com/aws/aws-sdk-go github.com/aws/aws-sdk-go-v2 github.com/aws/aws-sdk-go-v2/config github.com/aws/aws-sdk-go-v2/service/s3
  github.com/bradleyfalzon/ghinstallation/v2 github.com/caddyserver/caddy/v2 github.com/caddyserver/certmagic github.com/cloudflare/cfssl github.com/cloudflare/circl github.com/containerd/containerd github.com/containers/image/v5 github.com/containers/ocicrypt
  github.com/coreos/go-oidc/v3 github.com/crewjam/saml github.com/docker/cli github.com/docker/distribution github.com/docker/docker github.com/elazarl/goproxy github.com/ethereum/go-ethereum github.com/fsouza/go-dockerclient
  github.com/gin-gonic/gin github.com/gliderlabs/ssh github.com/go-acme/lego/v4 github.com/go-git/go-git/v5 github.com/go-jose/go-jose/v3 github.com/go-jose/go-jose/v4 github.com/go-ldap/ldap/v3 github.com/go-redis/redis/v8 github.com/go-resty/resty/v2
  github.com/go-sql-driver/mysql github.com/goccy/go-json github.com/gogs/gogs github.com/golang-jwt/jwt github.com/golang-jwt/jwt/v4 github.com/golang-jwt/jwt/v5 github.com/google/certificate-transparency-go github.com/google/go-containerregistry
  github.com/google/go-github/v60 github.com/google/go-tpm github.com/gorilla/sessions github.com/grpc-ecosystem/grpc-gateway/v2 github.com/hashicorp/consul github.com/hashicorp/consul/api github.com/hashicorp/go-plugin github.com/hashicorp/nomad
  github.com/hashicorp/terraform github.com/hashicorp/vault github.com/hashicorp/vault/api github.com/hashicorp/vault/sdk github.com/hashicorp/memberlist github.com/hashicorp/raft github.com/influxdata/influxdb github.com/jackc/pgx/v5 github.com/kataras/iris/v12
  github.com/kubernetes-sigs/aws-iam-authenticator github.com/labstack/echo/v4 github.com/lestrrat-go/jwx/v2 github.com/lib/pq github.com/libp2p/go-libp2p github.com/lucas-clemente/quic-go github.com/mattermost/mattermost-server/v6 github.com/miekg/dns github.com/minio/minio github.com/minio/minio-go/v7
  github.com/moby/buildkit github.com/moby/moby github.com/nats-io/jwt/v2 github.com/nats-io/nats-server/v2 github.com/nats-io/nats.go github.com/open-policy-agent/opa github.com/opencontainers/runc github.com/openshift/api github.com/operator-framework/operator-sdk
  github.com/pingcap/tidb github.com/pion/dtls/v2 github.com/pkg/sftp github.com/prometheus/alertmanager github.com/prometheus/common github.com/prometheus/prometheus github.com/quic-go/quic-go github.com/rancher/rancher github.com/rclone/rclone
  github.com/redis/go-redis/v9 github.com/russellhaering/goxmldsig github.com/segmentio/kafka-go github.com/shirou/gopsutil github.com/sigstore/cosign/v2 github.com/sigstore/rekor github.com/sigstore/sigstore github.com/smallstep/certificates github.com/spf13/viper github.com/spiffe/go-spiffe/v2
  github.com/square/go-jose github.com/tektoncd/pipeline github.com/theupdateframework/go-tuf github.com/theupdateframework/notary github.com/traefik/traefik/v2 github.com/valyala/fasthttp github.com/xanzy/go-gitlab github.com/xdg-go/scram
  github.com/youmark/pkcs8 go.etcd.io/etcd/client/v3 go.etcd.io/etcd/server/v3 go.mongodb.org/mongo-driver go.mozilla.org/pkcs7 golang.org/toolchain@v0.0.1-go1.24.0.linux-amd64 golang.org/x/build golang.org/x/crypto golang.org/x/net golang.org/x/oauth2 golang.org/x/tools google.golang.org/api
  google.golang.org/grpc gopkg.in/jcmturner/gokrb5.v7 gopkg.in/square/go-jose.v2 gopkg.in/src-d/go-git.v4 helm.sh/helm/v3 istio.io/istio k8s.io/apiserver k8s.io/client-go k8s.io/kubernetes k8s.io/minikube sigs.k8s.io/controller-runtime sigs.k8s.io/kind`)
